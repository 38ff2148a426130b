"""Rows and pages: a list or a connection at the root can go out line by line and links to its next page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from graphql import GraphQLList, GraphQLObjectType, get_named_type, get_nullable_type

from compat_rest.binding import Place
from compat_rest.parameters import Parameters
from compat_rest.selection import Selected, Selection

CURSOR = "after"
_SAFE = "/%~!$&'()*+,;=:@?"
"""What is encoded already stays as it is."""


@dataclass(frozen=True, slots=True)
class Paging:
    """`rows` are the keys from the answer to its rows: () for a list, None where there are no rows.

    `linked`: the answer says where the next page begins, and the request can ask for it.
    """

    rows: tuple[str, ...] | None
    linked: bool

    def lines(self, answer: Any) -> list[Any]:
        if not self.rows:
            return list(answer)
        items = answer[self.rows[0]]
        return [each[self.rows[1]] for each in items] if len(self.rows) == 2 else items

    def link(self, path: bytes, query: bytes, answer: Any) -> str | None:
        """The Link header's value for a request with this raw path and query string."""
        page = answer["pageInfo"] if self.linked else None
        if not page or not page["hasNextPage"] or page["endCursor"] is None:
            return None
        kept = [part for part in query.split(b"&") if part and part.partition(b"=")[0] != CURSOR.encode()]
        cursor = f"{CURSOR}={quote(page['endCursor'], safe='')}"
        target = quote(path, safe=_SAFE) + "?" + quote(b"&".join([*kept, cursor.encode()]), safe=_SAFE)
        return f'<{target}>; rel="next"'


def paging_of(selection: Selection, root: Selected, parameters: Parameters) -> Paging:
    type_ = get_nullable_type(root.field.type)
    if isinstance(type_, GraphQLList):
        return Paging((), linked=False)
    if not isinstance(type_, GraphQLObjectType):
        return Paging(None, linked=False)
    keys = _plain(selection, type_, root)
    return Paging(_rows(selection, keys), linked=_linked(selection, keys, parameters))


def _plain(selection: Selection, type_: GraphQLObjectType, parent: Selected) -> dict[str, Selected]:
    """The keys that are always there under the field's own name."""
    keys = selection.keys(type_, parent.selections)
    return {key: each for key, each in keys.items() if key == each.name and not each.optional}


def _rows(selection: Selection, keys: Mapping[str, Selected]) -> tuple[str, ...] | None:
    if "nodes" in keys:
        return ("nodes",)
    if "edges" not in keys:
        return None
    edge = get_named_type(keys["edges"].field.type)
    assert isinstance(edge, GraphQLObjectType)
    return ("edges", "node") if "node" in _plain(selection, edge, keys["edges"]) else None


def _linked(selection: Selection, keys: Mapping[str, Selected], parameters: Parameters) -> bool:
    if "pageInfo" not in keys:
        return False
    page = get_named_type(keys["pageInfo"].field.type)
    assert isinstance(page, GraphQLObjectType)
    known = _plain(selection, page, keys["pageInfo"])
    asks = any(each.place is Place.QUERY and each.name == CURSOR for each in parameters.all)
    return asks and "hasNextPage" in known and "endCursor" in known
