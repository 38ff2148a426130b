"""The conventions of the schema (design §5), each a rule that names the coordinate at fault and how to mend it.

The catalogue refuses to *start* with a field that lacks a scope or words; what is asked here, a schema can work
without.
"""

from collections.abc import Callable, Iterator, Mapping

from graphql import GraphQLSchema

from app.api.lint.lifecycle import deprecations
from app.api.lint.shapes import booleans, connections, inputs, lists, mutations, times
from app.api.lint.words import examples, names, sentences

Rule = Callable[[GraphQLSchema], Iterator[str]]
RULES: tuple[Rule, ...] = (
    names,
    sentences,
    examples,
    inputs,
    lists,
    booleans,
    times,
    connections,
    mutations,
    deprecations,
)
SETTLED: Mapping[str, str] = {
    "EntrySource.id": "/v1 shows entries whose source is known by its type alone",
    "Query.nodes": "an id that leads nowhere keeps its place in the list, as Relay expects",
    "JournalLine.letteredAt": "/v1 and the accounting files call the day of lettering so",
}
"""Coordinates that others expect in another form than the rules would have, and why they keep it."""


def lint(schema: GraphQLSchema) -> list[str]:
    """One line for each fault, `coordinate: what to do`, rule by rule; none is good news."""
    faults = (fault for rule in RULES for fault in rule(schema))
    return [fault for fault in faults if fault.partition(": ")[0] not in SETTLED]
