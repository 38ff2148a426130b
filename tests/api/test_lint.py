"""The conventions of the schema: what the lint says about a schema that leaves them."""

import pytest
from graphql import build_schema

from app.api.lint import RULES, SETTLED, Rule, lint
from app.api.lint.lifecycle import deprecations
from app.api.lint.shapes import booleans, connections, inputs, lists, mutations, times
from app.api.lint.words import examples, names, sentences
from app.api.slices import skooly_schema

FAILURE = "interface Failure { code: String! }  type NotFound implements Failure { code: String! }"


def faults(rule: Rule, sdl: str) -> list[str]:
    query = "" if "type Query" in sdl else "type Query { thing: Boolean! }"
    return list(rule(build_schema(f"{sdl} {query}")))


def test_the_schema_of_the_product_keeps_the_conventions() -> None:
    assert lint(skooly_schema().graphql) == []


def test_every_settled_exception_is_still_one() -> None:
    found = {fault.partition(": ")[0] for rule in RULES for fault in rule(skooly_schema().graphql)}
    assert set(SETTLED) <= found


@pytest.mark.parametrize(
    ("rule", "sdl", "fault"),
    [
        (names, "type thing { a: Int }", "thing: name the type in PascalCase"),
        (names, "type Thing { a_b: Int }", "Thing.a_b: name it in camelCase"),
        (names, "type Thing { a(B: Int): Int }", "Thing.a(B:): name it in camelCase"),
        (names, "enum Colour { RED green }", "Colour: write its values all in UPPER_CASE, or all in lower_case"),
        (sentences, '"A thing" type Thing { a: Int }', "Thing: end the description with a full stop: “A thing”"),
        (sentences, 'type Thing { "its size." a: Int }', "Thing.a: begin the description with a capital"),
        (sentences, 'enum Colour { "Red" RED }', "Colour.RED: end the description with a full stop"),
        (examples, "type Thing { a: String! }", "Thing.a: has no example: give scoped(…) an example"),
        (examples, "type Query { a(b: Int): Boolean! }", "Query.a(b:): has no example: takes(FORM"),
        (examples, "input AInput { a: [Float!]! }", "AInput.a: has no example"),
        (inputs, "input Thing { a: Int }", "Thing: end its name in Input"),
        (inputs, "type ThingInput { a: Int }", "ThingInput: only input types end in Input"),
        (lists, "type Thing { a: [Int!] }", "Thing.a: make it [Int!]!"),
        (lists, "type Thing { a: [Int]! }", "Thing.a: make it [Int!]!"),
        (booleans, "type Thing { a: Boolean }", "Thing.a: make it Boolean!"),
        (booleans, "type Thing { id: ID }", "Thing.id: make it non-null"),
        (times, "type Thing { madeAt: String }", "Thing.madeAt: …At names an instant"),
        (times, "scalar DateTime input AInput { dueOn: DateTime }", "AInput.dueOn: …On names a day"),
        (times, "scalar DateTime type Thing { made: DateTime }", "Thing.made: call an instant …At"),
    ],
)
def test_words_and_types_that_leave_the_conventions(rule: Rule, sdl: str, fault: str) -> None:
    (found,) = faults(rule, sdl)
    assert found.startswith(fault)


def test_a_boolean_and_an_enum_need_no_example() -> None:
    assert faults(examples, "enum Colour { RED } type Query { a(c: Colour): Boolean! b: Colour }") == []


def test_a_cursor_needs_no_example_for_only_the_server_makes_one() -> None:
    assert faults(examples, "type ThingEdge { cursor: String! } type Query { a(after: String): Boolean! }") == []


def test_a_connection_has_its_parts_and_its_arguments() -> None:
    sdl = """
        type Thing { a: Int }
        type ThingEdge { node: Thing! }
        type ThingConnection { edges: [ThingEdge] nodes: [Thing!]! }
        type Query { things(first: Int): ThingConnection! }
    """
    assert set(faults(connections, sdl)) == {
        "ThingEdge: lacks the field cursor",
        "ThingConnection.edges: has to be [ThingEdge!]!, is [ThingEdge]",
        "ThingConnection: lacks the field pageInfo",
        "Query.things(first:): has to be Int!, is Int",
        "Query.things: gives a connection and lacks the argument after: take First and After",
    }


@pytest.mark.parametrize(
    ("field", "union", "fault"),
    [
        ("makeThing: Thing!", "", "Mutation.makeThing: has to give MakeThingResult!, a union"),
        ("makeThing: MakeThingResult", "Thing | NotFound", "Mutation.makeThing: has to give MakeThingResult!"),
        ("makeThing: MakeThingResult!", "Thing | Other | NotFound", "MakeThingResult: one member says what was done"),
        ("makeThing: MakeThingResult!", "NotFound", "MakeThingResult: one member says what was done"),
        ("makeThing: MakeThingResult!", "Thing", "MakeThingResult: name what can go wrong"),
        ("makeThing(of: AInput): MakeThingResult!", "Thing | NotFound", "Mutation.makeThing(of:): name it input:"),
    ],
)
def test_a_mutation_gives_a_union_of_what_was_done_and_of_failures(field: str, union: str, fault: str) -> None:
    sdl = f"{FAILURE} type Thing {{ a: Int }} type Other {{ a: Int }} input AInput {{ a: Int }}"
    sdl += f" union MakeThingResult = {union}" if union else ""
    (found,) = faults(mutations, f"{sdl} type Mutation {{ {field} }}")
    assert found.startswith(fault)


def test_a_mutation_that_makes_something_takes_an_idempotency_key() -> None:
    sdl = f"{FAILURE} type Thing {{ a: Int }} union RecordThingResult = Thing | NotFound"
    without, with_key = "recordThing: RecordThingResult!", "recordThing(idempotencyKey: String): RecordThingResult!"
    assert faults(mutations, f"{sdl} type Mutation {{ {without} }}") == [
        "Mutation.recordThing: makes something and takes no idempotencyKey: String"
    ]
    assert faults(mutations, f"{sdl} type Mutation {{ {with_key} }}") == []


def deprecated(reason: str, argument: str = "") -> list[str]:
    return faults(deprecations, f'type Thing {{ a{argument}: Int @deprecated(reason: "{reason}") }}')


def test_a_deprecation_says_since_when_until_when_and_what_instead() -> None:
    for reason in (
        "Use b.",
        "since 2026-09-01: use b.",
        "since 2026-09-01, until 2027-02-30: use b.",
        "since 2026-09-01, until 2027-06-30: ",
        "since 2026-09-01, until 2027-06-30: use b",
    ):
        (found,) = deprecated(reason)
        assert found.startswith("Thing.a: say “since YYYY-MM-DD, until YYYY-MM-DD: use … instead.”")
    assert deprecated("since 2026-09-01, until 2027-06-30: use b instead.") == []


def test_a_deprecation_leaves_half_a_year() -> None:
    assert deprecated("since 2026-09-01, until 2026-12-31: use b instead.") == [
        "Thing.a: give those who use it 180 days: from 2026-09-01 to 2026-12-31 is less"
    ]


def test_what_is_required_cannot_be_deprecated() -> None:
    reason = "since 2026-09-01, until 2027-06-30: leave it out."
    sdl = f'type Query {{ a(b: Int! @deprecated(reason: "{reason}")): Int }}'
    (found,) = faults(deprecations, sdl)
    assert found.startswith("Query.a(b:): is required")
