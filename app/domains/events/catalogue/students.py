"""Students, their badges, and what is studied."""

from app.domains.events.catalogue.common import MATRICULE
from app.domains.events.catalogue.shapes import Described, choice, day, flag, sometimes, text
from app.domains.events.topics import Topic

STATUSES = ("active", "suspended", "graduated", "left")

_STUDENT = {
    "matricule": MATRICULE,
    "first_name": text("Given names.", "Aïssatou"),
    "last_name": text("Family name.", "N'Diaye"),
    "status": choice("What the student is to the school.", "active", *STATUSES),
}
_BADGE = {"badge": text("The badge's text, trimmed and upper-cased.", "04A2B3C4D5E680"), "matricule": MATRICULE}
_CLOSED = flag("Whether nobody can be enrolled any more.", False)

STUDENTS = (
    Described(Topic.STUDENT_CREATED, "Un étudiant est entré dans l'école.", "A student came to the school.", _STUDENT),
    Described(
        Topic.STUDENT_UPDATED,
        "Un étudiant a changé : identité, matricule, inscription ou statut.",
        "A student changed: identity, matricule, enrolment or status.",
        _STUDENT
        | {"former_matricule": sometimes(text("The matricule until now, where it has changed.", "2024/INF/123"))},
    ),
    Described(
        Topic.STUDENT_GRADUATED,
        "Un étudiant est diplômé.",
        "A student graduated.",
        _STUDENT | {"status": choice("Always `graduated`.", "graduated", "graduated")},
    ),
    Described(Topic.BADGE_ASSIGNED, "Un badge est remis à un étudiant.", "A badge was given to a student.", _BADGE),
    Described(
        Topic.BADGE_REVOKED,
        "Un badge n'ouvre plus : perdu, rendu, remplacé ou donné à quelqu'un d'autre.",
        "A badge opens no more: lost, given back, replaced or given to somebody else.",
        _BADGE,
    ),
    Described(
        Topic.PROGRAMME_CHANGED,
        "Une filière est créée, renommée, fermée ou rouverte.",
        "A programme was created, renamed, closed or opened again.",
        {"code": text("Its code.", "INF"), "label": text("Its name.", "Informatique"), "closed": _CLOSED},
    ),
    Described(
        Topic.CLASS_CHANGED,
        "Une classe est créée, renommée, fermée ou rouverte.",
        "A class was created, renamed, closed or opened again.",
        {
            "code": text("Its code.", "INF-L2-DK"),
            "label": text("Its name.", "Informatique, licence 2, campus de Dakar"),
            "programme": text("The code of its programme.", "INF"),
            "closed": _CLOSED,
        },
    ),
    Described(
        Topic.SCHOOL_YEAR_CHANGED,
        "Une année scolaire est créée, déplacée, fermée ou rouverte.",
        "A school year was created, moved, closed or opened again.",
        {
            "code": text("Its code.", "2025-2026"),
            "starts_on": day("Its first day.", "2025-10-01"),
            "ends_on": day("Its last day.", "2026-07-31"),
            "closed": _CLOSED,
        },
    ),
)
