"""Which endpoint a raw path reaches.

Matching happens on the path as it was sent, split at its slashes and decoded afterwards: `2024%2FINF%2F0123` is one
segment, and `badge%2FX` never reaches `/badge/{id}`. Whole fixed paths are found in a dictionary; templates in a tree
of segments, where a literal wins over a placeholder.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from compat_rest.binding import Segment
from compat_rest.encoding import Undecodable, decode

Target = TypeVar("Target")


class Resource(Generic[Target]):
    """One path with its endpoints by method; GET serves HEAD too."""

    __slots__ = ("allow", "methods", "template")

    def __init__(self, template: str) -> None:
        self.template = template
        self.methods: dict[str, Target] = {}
        self.allow = "OPTIONS"

    def add(self, method: str, target: Target) -> None:
        self.methods[method] = target
        if method == "GET":
            self.methods["HEAD"] = target
        self.allow = ", ".join([*self.methods, "OPTIONS"])


class Match(NamedTuple, Generic[Target]):
    """`segments` are the raw texts of the placeholders, in the order of the template."""

    resource: Resource[Target]
    segments: Sequence[bytes]


class _Node(Generic[Target]):
    __slots__ = ("literals", "placeholder", "resource")

    def __init__(self) -> None:
        self.literals: dict[bytes, _Node[Target]] = {}
        self.placeholder: _Node[Target] | None = None
        self.resource: Resource[Target] | None = None

    def grow(self, segment: Segment) -> "_Node[Target]":
        if not segment.placeholder:
            return self.literals.setdefault(segment.text.encode("ascii"), _Node())
        if self.placeholder is None:
            self.placeholder = _Node()
        return self.placeholder

    def find(self, parts: Sequence[bytes], at: int, taken: list[bytes]) -> Resource[Target] | None:
        """Literals first; a literal that leads nowhere is taken back."""
        if at == len(parts):
            return self.resource
        part = parts[at]
        literal = self.literals.get(part) or self.literals.get(_plain(part))
        if literal is not None and (found := literal.find(parts, at + 1, taken)) is not None:
            return found
        if self.placeholder is None or not part:
            return None
        taken.append(part)
        found = self.placeholder.find(parts, at + 1, taken)
        if found is None:
            taken.pop()
        return found


class Routes(Generic[Target]):
    """`prefix` is what the path of every request begins with ("/v1")."""

    def __init__(self, prefix: str, targets: Iterable[tuple[str, Sequence[Segment], str, Target]]) -> None:
        """`targets` are (method, segments, template, target); start-up has found them unambiguous."""
        self._prefix = prefix.encode("ascii")
        self._root: _Node[Target] = _Node()
        self._fixed: dict[bytes, Match[Target]] = {}
        for method, segments, template, target in targets:
            node = self._root
            for segment in segments:
                node = node.grow(segment)
            if node.resource is None:
                node.resource = Resource(prefix + template)
            node.resource.add(method, target)
            if not any(segment.placeholder for segment in segments):
                self._fixed[(prefix + template).encode("ascii")] = Match(node.resource, ())

    def find(self, raw_path: bytes) -> Match[Target] | None:
        fixed = self._fixed.get(raw_path)
        if fixed is not None:
            return fixed
        if not raw_path.startswith(self._prefix + b"/"):
            return None
        taken: list[bytes] = []
        resource = self._root.find(raw_path[len(self._prefix) + 1 :].split(b"/"), 0, taken)
        return Match(resource, taken) if resource is not None else None


def _plain(part: bytes) -> bytes:
    """`%62adge` is `badge` (RFC 3986 §6.2.2.2); a literal holds no character that must be encoded."""
    if b"%" not in part:
        return part
    try:
        return decode(part).encode("utf-8")
    except Undecodable:
        return part


def raw_path_of(scope: Mapping[str, object]) -> bytes:
    """The path as it was sent, below the mount point. Servers that do not keep it give the decoded one."""
    raw = scope.get("raw_path")
    path = raw if isinstance(raw, bytes) else str(scope["path"]).encode("utf-8").replace(b"%", b"%25")
    mount = str(scope.get("root_path", "")).encode("utf-8")
    return path.removeprefix(mount) if mount else path
