import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import FrameType
from typing import Any

import pytest
from graphql import DocumentNode, FieldNode, FragmentSpreadNode, OperationDefinitionNode, SelectionSetNode, parse
from hypothesis import given
from hypothesis import strategies as st

from app.api.errors import DocumentInvalid, DocumentUnreadable, LimitExceeded
from app.api.limits import LIMITS, Usage, check_limits, fragments_of, measure
from app.core.errors import SkoolyError
from tests.api.support import Sample

FRAGMENTS = ("A", "B", "C")


def selection_sets(spreadable: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Selection sets that spread only the fragments named, so that there is no cycle."""
    directives = st.sampled_from(["", " @a", " @a @b"])
    leaf = st.builds(lambda alias, tags: f"{alias}f{tags}", st.sampled_from(["", "x: "]), directives)
    spread = st.builds(lambda name, tags: f"...{name}{tags}", st.sampled_from(spreadable), directives)
    leaves = st.one_of(leaf, spread) if spreadable else leaf

    def nest(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        body = st.lists(inner, min_size=1, max_size=3).map(" ".join)
        return st.one_of(
            st.builds(
                lambda alias, tags, text: f"{alias}f{tags} {{ {text} }}", st.sampled_from(["", "x: "]), directives, body
            ),
            st.builds(lambda tags, text: f"...{tags} {{ {text} }}", directives, body),
        )

    return st.lists(st.recursive(leaves, nest, max_leaves=6), min_size=1, max_size=4).map(
        lambda parts: "{ " + " ".join(parts) + " }"
    )


documents = st.builds(
    lambda root, a, b, c: f"query Q @q {root} fragment A on T {a} fragment B on T @d {b} fragment C on T {c}",
    selection_sets(FRAGMENTS),
    selection_sets(("B", "C")),
    selection_sets(("C",)),
    selection_sets(()),
)


def merged_under(node: Any) -> str:
    if isinstance(node, FieldNode):
        return (node.alias or node.name).value
    return f"...{node.name.value}" if isinstance(node, FragmentSpreadNode) else "... on "


def expand(document: DocumentNode) -> Usage:
    """The naive way: walks every spread each time it is met."""
    fragments = fragments_of(document)

    def walk(node: SelectionSetNode) -> Usage:
        keys = [merged_under(each) for each in node.selections]
        total = Usage(repeats=max(keys.count(key) for key in keys))
        for each in node.selections:
            count = len(each.directives or ())
            if isinstance(each, FieldNode):
                inner = walk(each.selection_set) if each.selection_set else Usage()
                found = Usage(
                    inner.depth + 1,
                    inner.aliases + bool(each.alias),
                    inner.directives,
                    1,
                    inner.fields + 1,
                    inner.repeats,
                )
            elif isinstance(each, FragmentSpreadNode):
                fragment = fragments[each.name.value]
                found, count = walk(fragment.selection_set), count + len(fragment.directives or ())
            else:
                found = walk(each.selection_set)  # type: ignore[attr-defined]
            total = Usage(
                max(total.depth, found.depth),
                total.aliases + found.aliases,
                total.directives + found.directives + count,
                total.root_fields + found.root_fields,
                total.fields + found.fields,
                max(total.repeats, found.repeats),
            )
        return total

    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    counted = walk(operation.selection_set)
    return Usage(
        counted.depth,
        counted.aliases,
        counted.directives + len(operation.directives or ()),
        counted.root_fields,
        counted.fields,
        counted.repeats,
    )


@given(documents)
def test_the_count_equals_a_naive_expansion(text: str) -> None:
    document = parse(text)
    (usage,), _ = measure(document)
    assert usage == expand(document)


def exponential(levels: int) -> str:
    chain = " ".join(f"fragment F{level} on Query {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ __typename }}"


HOSTILE = {
    "24 KB of one field": ('{ student(matricule: "M") { ' + "name " * 4_800 + "} }", "tokens"),
    "just under the tokens": ('{ student(matricule: "M") { ' + "name " * 980 + "} }", "fields"),
    "repeated objects": ('{ student(matricule: "M") { ' + "friends { name } " * 140 + "} }", "repeats"),
    "one fragment over and over": (
        '{ student(matricule: "M") { ' + "...F " * 200 + "} } fragment F on Student { name }",
        "repeats",
    ),
    "inline fragments": ('{ student(matricule: "M") { ' + "... { name } " * 200 + "} }", "repeats"),
    "an unused fragment of repeated fields": (
        "{ __typename } fragment F on Student { " + "name " * 980 + "}",
        "fields",
    ),
    "fragment bomb": (exponential(80), "root_fields"),
    "deep": ('{ sure(matricule: "M") ' + "{ friends " * 8 + "{ name }" + "}" * 8 + " }", "depth"),
    "deep through fragments": (
        '{ sure(matricule: "M") { ...A } } fragment A on Student { friends { friends { friends { ...B } } } } '
        "fragment B on Student { friends { friends { friends { name } } } }",
        "depth",
    ),
    "aliases": ('{ sure(matricule: "M") { ' + " ".join(f"a{n}: name" for n in range(16)) + "} }", "aliases"),
    "directives": ('{ sure(matricule: "M") { name ' + "@include(if: true) " * 11 + "} }", "directives"),
    "root fields": ("{ " + " ".join("__typename" for _ in range(11)) + "}", "root_fields"),
    "comments": ("#\n" * 300 + "{ __typename }", "comments"),
    "characters": ("{ __typename }" + " " * 70_000, "characters"),
    "introspection of introspection": (
        "{ __schema { types { fields { type { fields { name } } } } } }",
        "introspection_lists",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_at_once(sample: Sample, name: str) -> None:
    text, limit = HOSTILE[name]
    with pytest.raises(LimitExceeded) as refusal, calls() as made:
        sample.preparer.prepare(text)
    assert refusal.value.facts["limit"] == limit
    assert made[0] < 100_000, "more work than a document of 1,000 tokens can need"


@contextmanager
def calls() -> Iterator[list[int]]:
    """Counts the Python calls of a block: work without a clock, the same on a busy machine."""
    made = [0]

    def count(frame: FrameType, event: str, _: object) -> None:
        made[0] += event == "call"

    sys.setprofile(count)
    try:
        yield made
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        '{ student(matricule: "M") { } }',
        "{ ...Nowhere }",
        "{ __typename } fragment A on Query { __typename }",
        '{ student(matricule: "\\u0000") { name } }',
    ],
)
def test_what_does_not_fit_is_invalid(sample: Sample, text: str) -> None:
    with pytest.raises(DocumentInvalid):
        sample.preparer.prepare(text)


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 41, "1." + "9" * 5_000])
def test_a_long_number_is_refused_in_our_own_words(sample: Sample, number: str) -> None:
    with pytest.raises(DocumentInvalid) as refusal:
        sample.preparer.prepare(f"{{ students(first: {number}) {{ nodes {{ name }} }} }}")
    assert [flaw.message for flaw in refusal.value.flaws] == ["The number is too long."]


@pytest.mark.parametrize("text", ["", "{", "}", "query {", "{" * 5_000, "... ", "\x00", '{ a(b: "\\ud800") }'])
def test_what_is_no_document_is_unreadable(sample: Sample, text: str) -> None:
    with pytest.raises((DocumentUnreadable, LimitExceeded)):
        sample.preparer.prepare(text)


@pytest.mark.parametrize("text", [text for text, _ in HOSTILE.values()])
def test_refusals_have_words_in_both_languages(sample: Sample, text: str) -> None:
    with pytest.raises(SkoolyError) as refusal:
        sample.preparer.prepare(text)
    assert refusal.value.message("fr") != refusal.value.message("en")


def test_the_largest_allowed_operation_passes() -> None:
    wide = "{ a { " + " ".join(f"f{n}" for n in range(LIMITS.fields - 1)) + " } }"
    check_limits(parse(wide))
    deep = "{ a" * LIMITS.depth + "}" * LIMITS.depth
    check_limits(parse(deep.replace("{ a}", "{ a }")))


def test_a_message_does_not_quote_the_whole_document(sample: Sample) -> None:
    with pytest.raises(DocumentInvalid) as refusal:
        sample.preparer.prepare("{ " + "a" * 60_000 + " }")
    assert len(refusal.value.message("en")) < 500


def test_usage_lists_what_is_checked() -> None:
    assert {field.name for field in fields(Usage)} - {"lists"} <= {field.name for field in fields(LIMITS)}
