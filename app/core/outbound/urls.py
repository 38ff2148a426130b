"""A URL read in the one way that every reader would read it, or not at all.

Whatever two parsers could disagree on is refused by name: numeric hosts, full-width digits and dots, user names,
backslashes. What is left is taken apart once; nothing downstream parses the text again.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

import idna

from app.core.outbound.addresses import Address
from app.core.outbound.errors import (
    AddressNotPublic,
    FragmentRefused,
    HostAmbiguous,
    HostRefused,
    OwnHostRefused,
    PortRefused,
    SchemeRefused,
    UrlMalformed,
    UrlTooLong,
    UserinfoRefused,
)
from app.core.outbound.policy import Policy

LONGEST = 2_048
FIELD = "url"
DEFAULT_PORTS = {"https": 443, "http": 80}

_SHAPE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<path>/[^?]*)?(?P<query>\?.*)?")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^\[\]:]*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_TARGET = re.compile(r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\s\ud800-\udfff]")
NAMES_OF_NO_ONE = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "onion"}
)
"""Last labels that never name a server of the Internet."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is lower-case ASCII, without brackets; `address` is set where it is a literal."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query; never empty."""
    address: Address | None = None

    @property
    def place(self) -> tuple[str, str, int]:
        """What requests must have in common to go over one connection."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def read_url(text: str, policy: Policy) -> Target:
    """Raises an UrlRefused that says what to change. Names are not looked up here."""
    scheme, authority, path = _split(text, policy)
    host_text, port = _split_authority(authority, scheme, policy)
    host, address = _read_host(host_text, policy)
    if policy.is_own(host, port):
        raise OwnHostRefused(field=FIELD)
    return Target(scheme, host, port, path, address)


def _split(text: str, policy: Policy) -> tuple[str, str, str]:
    if len(text) > LONGEST:
        raise UrlTooLong(field=FIELD, length=len(text), most=LONGEST)
    if _FORBIDDEN.search(text):
        raise UrlMalformed(field=FIELD)
    if "#" in text:
        raise FragmentRefused(field=FIELD)
    parts = _SHAPE.fullmatch(text)
    if parts is None:
        raise UrlMalformed(field=FIELD)
    scheme = parts["scheme"].lower()
    if scheme not in policy.schemes:
        raise SchemeRefused(field=FIELD, expected=" / ".join(f"{scheme}://" for scheme in policy.schemes))
    path = (parts["path"] or "/") + (parts["query"] or "")
    if not _TARGET.fullmatch(path):
        raise UrlMalformed(field=FIELD)
    return scheme, parts["authority"], path


def _split_authority(authority: str, scheme: str, policy: Policy) -> tuple[str, int]:
    if "@" in authority:
        raise UserinfoRefused(field=FIELD)
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts["host"]:
        raise UrlMalformed(field=FIELD)
    port = int(parts["port"]) if parts["port"] else DEFAULT_PORTS[scheme]
    if not (policy.takes_port(port) or (policy.insecure and not parts["port"])):
        raise PortRefused(field=FIELD, port=port, allowed=", ".join(map(str, sorted(policy.ports))))
    return parts["host"], port


def _read_host(text: str, policy: Policy) -> tuple[str, Address | None]:
    address = _literal(text)
    if address is not None:
        if not policy.takes_address(address):
            raise AddressNotPublic(field=FIELD, host=text)
        return str(address), address
    return _read_name(text, policy), None


def _literal(text: str) -> Address | None:
    """The address that `text` writes in full; None for a name. Raises HostAmbiguous for a number that is neither."""
    if text.startswith("["):
        try:
            return IPv6Address(text[1:-1])
        except AddressValueError:
            raise HostAmbiguous(field=FIELD, host=text) from None
    last = text.rstrip(".").rpartition(".")[2].lower()
    if not _NUMBER.fullmatch(last):
        return None
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise HostAmbiguous(field=FIELD, host=text) from None


def _read_name(text: str, policy: Policy) -> str:
    name = _to_ascii(text.removesuffix("."))
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise HostAmbiguous(field=FIELD, host=text)
    known = len(labels) > 1 and labels[-1] not in NAMES_OF_NO_ONE
    if not (known or policy.insecure):
        raise HostRefused(field=FIELD, host=text)
    return name


def _to_ascii(name: str) -> str:
    """Letters of other alphabets become punycode as they are: nothing is folded, so none turns into a dot."""
    if name.isascii():
        return name.lower()
    try:
        return ".".join(idna.alabel(label).decode().lower() for label in name.split("."))
    except (idna.IDNAError, UnicodeError):
        raise HostAmbiguous(field=FIELD, host=name) from None


def parse_address(text: str) -> Address:
    """An address as a name server or a socket writes it; a zone (`%eth0`) is dropped. Raises ValueError."""
    return ip_address(text.partition("%")[0])
