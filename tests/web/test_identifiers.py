"""Identifiers as schools write them reach the same person over both channels, however they are typed (design §9)."""

import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.core.database import Database, Wall
from app.core.text import IDENTIFIER, normalise_matricule
from app.domains.partners.tables import School
from app.domains.students.commands import assign_badge
from app.main import DOCUMENTS
from app.web.exchange import App
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_key, make_school
from tests.support.factories.students import make_student
from tests.web.running import make_settings, started
from tests.web.support import ask, client_of

STUDENT = "query S($matricule: String!) { student(matricule: $matricule) { matricule firstName lastName } }"
HOLDER = "query B($badge: String!) { studentByBadge(id: $badge) { badge matricule } }"
FIELDS = ("matricule", "firstName", "lastName")


@dataclass(frozen=True)
class Desk:
    """A school, and clients with the keys of its library and its canteen."""

    school: School
    library: httpx.AsyncClient
    canteen: httpx.AsyncClient

    async def both(self, matricule: str) -> list[dict[str, str] | None]:
        """The student over GraphQL and over REST: three fields each, None for nobody."""
        graphql = await ask(self.library, STUDENT, variables={"matricule": matricule})
        rest = await self.library.get(f"/v1/students/{percent(matricule)}")
        assert rest.status_code in (200, 404), rest.text
        shown = rest.json() if rest.status_code == 200 else None
        return [graphql.json()["data"]["student"], shown and {name: shown[name] for name in FIELDS}]


def percent(text: str) -> str:
    """Each byte as %XX: the most that a careful client does, and what keeps `..` from being a step up."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8"))


@pytest.fixture(scope="module")
async def app(database_url: str, redis_url: str) -> AsyncIterator[App]:
    async with started(make_settings(database_url, redis_url), DOCUMENTS, FixedClock()) as app:
        yield app


@pytest.fixture(scope="module")
async def desk(app: App, database: Database) -> AsyncIterator[Desk]:
    school = await make_school(database)
    keys = [(await make_key(database, school, preset)).key for preset in ("bibliotheque", "cantine")]
    async with client_of(app, keys[0]) as library, client_of(app, keys[1]) as canteen:
        yield Desk(school, library, canteen)


async def enter(database: Database, desk: Desk, matricule: str, **names: str) -> None:
    async with database.transaction(Wall.app(desk.school.id)) as session:
        await make_student(session, desk.school.id, matricule=matricule, **names)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("2024/INF/0123", "2024/inf/0123"),
        ("Géo 2023.07", " GÉO   2023.07 "),
        ("École n°1", unicodedata.normalize("NFD", "école N°1")),
        ("..", ".."),
        (".", "."),
        ("A/../B", "a/../b"),
        ("//", "//"),
        ("badge", "BADGE"),
        ("badge/7", "badge/7"),
        ("100%", "100%"),
        ("a%2Fb", "A%2fB"),
        ("a+b c", "A+B C"),
        ("x?y#z;k=v&w", "X?Y#Z;K=V&W"),
        ('"é\\', '"É\\'),
        ("2024·Σ", "2024·ς"),
        ("Straße 1", "STRASSE 1"),
        ("学生/1", "学生/1"),
    ],
)
async def test_a_matricule_is_found_as_it_is_typed(database: Database, desk: Desk, written: str, typed: str) -> None:
    await enter(database, desk, written, first_name="Awa", last_name=f"Qui a {written}")
    person = {"matricule": written, "firstName": "Awa", "lastName": f"Qui a {written}"}
    assert await desk.both(typed) == [person, person]
    assert await desk.both(written) == [person, person]


_WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(written=_WORDS.filter(str.strip), swapped=st.booleans(), spaces=st.integers(0, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_that_can_be_a_matricule_is_reached_over_both(
    database: Database, desk: Desk, written: str, swapped: bool, spaces: int
) -> None:
    typed = " " * spaces + (written.lower() if swapped else written)
    assume(normalise_matricule(typed) == normalise_matricule(written))  # "ŉ".lower() stays, "İ".lower() does not
    assume(len(typed) <= IDENTIFIER.longest)
    if await desk.both(written) == [None, None]:
        await enter(database, desk, written)
    over_graphql, over_rest = await desk.both(typed)
    assert over_graphql == over_rest
    assert isinstance(over_graphql, dict)
    assert normalise_matricule(over_graphql["matricule"]) == normalise_matricule(written)


async def test_two_students_with_one_name_are_told_apart_by_their_matricule(database: Database, desk: Desk) -> None:
    for matricule in ("H/1", "H/2"):
        await enter(database, desk, matricule, first_name="Fatou", last_name="Diop")
    for matricule in ("H/1", "H/2"):
        person = {"matricule": matricule, "firstName": "Fatou", "lastName": "Diop"}
        assert await desk.both(matricule) == [person, person]


async def test_matricules_that_differ_in_an_accent_are_two_students(database: Database, desk: Desk) -> None:
    await enter(database, desk, "ÉTÉ-1", last_name="Avec")
    await enter(database, desk, "ETE-1", last_name="Sans")
    for typed, name in (("été-1", "Avec"), ("ete-1", "Sans")):
        over_graphql, over_rest = await desk.both(typed)
        assert over_graphql == over_rest
        assert over_graphql and over_graphql["lastName"] == name


@pytest.fixture(scope="module")
async def badge(database: Database, desk: Desk) -> str:
    """One that somebody carries."""
    actor = await make_actor(database, desk.school)
    await enter(database, desk, "B/1")
    async with database.transaction(Wall.app(desk.school.id)) as session:
        await assign_badge(session, actor, matricule="B/1", uid="04 a1/b2")
    return "04 A1/B2"


@pytest.mark.parametrize("typed", ["04 A1/B2", "04 a1/b2", " 04 A1/b2 ", "04 A1/B2\u00a0"])
async def test_a_badge_is_found_in_any_case_over_both(desk: Desk, badge: str, typed: str) -> None:
    graphql = await ask(desk.canteen, HOLDER, variables={"badge": typed})
    rest = await desk.canteen.get(f"/v1/students/badge/{percent(typed)}")
    assert graphql.json()["data"]["studentByBadge"] == {"badge": badge, "matricule": "B/1"}
    assert (rest.json()["badge"], rest.json()["matricule"]) == (badge, "B/1")
