"""What the audit matrix runs: one line for each operation that touches personal data.

A new root field that shows or takes anything marked `personal` needs a line in GRAPHQL, and a new REST document one in
REST; without it the matrix fails and names it. A line says with which arguments the operation succeeds, and whom it
then concerns. Before each line is run the demo school gets people of its own, and `$…` in a line stands for:

    $student     matricule of an active student, enrolled in the class $class in the year $year
    $suspended   matricule of a suspended one
    $idle        matricule of an active student who is enrolled in nothing
    $badge       the badge of $student            $absence    the id of an absence of $student
    $node        the nodeId of $student           $other      a class of the same programme as $class
    $programme   the programme of $class
    $unique      a text that nothing else has     $now, $later   instants
    $matricule   a matricule that nobody has yet: whom a creating operation concerns

`concerns` names who must be among the subjects; ANYBODY asks for at least one; NOBODY asks for no row, where people
are further away than the line goes: in the classes of a new programme there are none yet. `preset` is the first that
opens the root field, unless the line names another. A refusal that speaks of a student has a line in REFUSALS.
"""

from dataclasses import dataclass

ANYBODY = "anybody"
NOBODY = "nobody"


@dataclass(frozen=True)
class Asked:
    """`given` are the arguments as GraphQL writes them."""

    given: str
    concerns: str = "$student"
    preset: str | None = None


@dataclass(frozen=True)
class Sent:
    """`target` is the path below /v1 with its query; `body` is JSON."""

    target: str
    concerns: str = "$student"
    preset: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class Refused:
    """A mutation that fails with `code` and tells something of a student by it."""

    root: str
    given: str
    code: str
    concerns: str = "$student"


MONEY = 'provider: cash, reference: "$unique", amount: "5", currency: "XOF"'
PASSAGE = 'zone: "RESTAURANT", badge: "$badge", deviceId: "porte-1", deviceEventId: "$unique"'
ENROLMENT = 'class: "$class", schoolYear: "$year"'
GRAPHQL: dict[str, Asked] = {
    "Query.student": Asked('(matricule: "$student")'),
    "Query.studentByBadge": Asked('(id: "$badge")'),
    "Query.students": Asked("(first: 5)", concerns=ANYBODY),
    "Query.node": Asked('(nodeId: "$node")', preset="core"),
    "Query.nodes": Asked('(nodeIds: ["$node"])', preset="core"),
    "Query.absences": Asked('(filter: {matricule: "$student"})'),
    "Query.passages": Asked("(first: 5)", concerns=ANYBODY),
    "Query.financialStatus": Asked('(matricule: "$student")'),
    "Query.journals": Asked('(date: "2024-12-31")', concerns=ANYBODY),
    "Query.checkAccess": Asked('(nfc: "$badge", zone: "BIBLIOTHEQUE")'),
    "Query.events": Asked('(first: 100, topics: ["absence.recorded"])', concerns=ANYBODY),
    "Query.auditEntries": Asked('(matricule: "$student")'),
    "Mutation.createStudent": Asked(
        '(input: {matricule: "$matricule", firstName: "A", lastName: "B"})', concerns="$matricule"
    ),
    "Mutation.updateStudent": Asked('(input: {matricule: "$student", lastName: "C"})'),
    "Mutation.suspendStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.reinstateStudent": Asked('(input: {matricule: "$suspended"})', concerns="$suspended"),
    "Mutation.graduateStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.withdrawStudent": Asked('(input: {matricule: "$student"})'),
    "Mutation.enrolStudent": Asked(f'(input: {{matricule: "$idle", {ENROLMENT}}})', concerns="$idle"),
    "Mutation.endEnrolment": Asked(f'(input: {{matricule: "$student", {ENROLMENT}}})'),
    "Mutation.moveStudent": Asked(f'(input: {{matricule: "$student", {ENROLMENT}, toClass: "$other"}})'),
    "Mutation.assignBadge": Asked('(input: {matricule: "$student", badge: "$unique"})'),
    "Mutation.replaceBadge": Asked('(input: {badge: "$badge", newBadge: "$unique"})'),
    "Mutation.revokeBadge": Asked('(input: {badge: "$badge"})'),
    "Mutation.graduateClass": Asked(f"(input: {{{ENROLMENT}}})"),
    "Mutation.suspendClass": Asked(f"(input: {{{ENROLMENT}}})"),
    "Query.class": Asked('(code: "$class")'),
    "Query.classes": Asked('(programme: "$programme")'),
    "Query.programme": Asked('(code: "$programme")'),
    "Query.programmes": Asked("(first: 5)", concerns=ANYBODY),
    "Mutation.createProgramme": Asked('(input: {code: "$unique", label: "A"})', concerns=NOBODY),
    "Mutation.updateProgramme": Asked('(input: {code: "$programme", label: "B"})'),
    "Mutation.closeProgramme": Asked('(input: {code: "$programme"})'),
    "Mutation.createClass": Asked('(input: {code: "$unique", label: "A", programme: "$programme"})', concerns=NOBODY),
    "Mutation.updateClass": Asked('(input: {code: "$class", label: "B"})'),
    "Mutation.closeClass": Asked('(input: {code: "$class"})'),
    "Mutation.recordAbsence": Asked('(input: {matricule: "$idle", startsAt: "$now", endsAt: "$later"})', "$idle"),
    "Mutation.justifyAbsence": Asked('(input: {absenceId: "$absence"})'),
    "Mutation.recordPayment": Asked(f'(input: {{matricule: "$student", {MONEY}, receivedAt: "$now"}})'),
    "Mutation.topUpWallet": Asked(f'(input: {{matricule: "$student", {MONEY}}})'),
    "Mutation.recordPassage": Asked(f'(input: {{{PASSAGE}, occurredAt: "$now"}})'),
}
REST: dict[str, Sent] = {
    "Student": Sent("/students/$student"),
    "StudentByBadge": Sent("/students/badge/$badge"),
    "FinancialStatus": Sent("/financial/status/$student"),
    "Journals": Sent("/finance/journals?date=2024-12-31", concerns=ANYBODY),
    "CheckAccess": Sent("/access-control/check?nfc=$badge&zone=BIBLIOTHEQUE"),
    "Events": Sent("/events?first=100&topics=absence.recorded", concerns=ANYBODY),
    "AuditEntries": Sent("/audit/entries?matricule=$student"),
    "RecordAbsence": Sent("/absences", "$idle", body='{"matricule": "$idle", "startsAt": "$now", "endsAt": "$later"}'),
    "RecordPassage": Sent(
        "/access-control/passages",
        body='{"zone": "RESTAURANT", "badge": "$badge", "deviceId": "porte-1", "deviceEventId": "$unique",'
        ' "occurredAt": "$now"}',
    ),
}
REFUSALS: dict[str, Refused] = {
    "a status that does not follow": Refused(
        "Mutation.reinstateStudent", '(input: {matricule: "$student"})', "STATUS_CONFLICT"
    ),
    "an enrolment that is there already": Refused(
        "Mutation.enrolStudent", f'(input: {{matricule: "$student", {ENROLMENT}}})', "ALREADY_ENROLLED"
    ),
    "an enrolment that is not there": Refused(
        "Mutation.endEnrolment", f'(input: {{matricule: "$idle", {ENROLMENT}}})', "ENROLMENT_NOT_FOUND", "$idle"
    ),
    "an absence that overlaps": Refused(
        "Mutation.recordAbsence",
        '(input: {matricule: "$student", startsAt: "$now", endsAt: "$later"})',
        "ABSENCE_OVERLAP",
    ),
    "an invoice that the student has not": Refused(
        "Mutation.recordPayment",
        f'(input: {{matricule: "$student", {MONEY}, receivedAt: "$now", invoiceNumber: "$unique"}})',
        "INVOICE_NOT_FOUND",
    ),
}
