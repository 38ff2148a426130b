"""Finding out how a file's bytes spell text.

The rule, in order: an encoding given by hand; a byte order mark; valid UTF-8 from end to end; no valid UTF-8
sequence at all → Windows-1252, which is what Excel's plain "CSV" writes. A file in which both occur is refused
and the line is named: reading it as one or the other would spoil names silently. The whole file is looked at
before the first row is used, with flat memory.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from app.core.tabular.errors import (
    EmptyFile,
    FileRefused,
    MixedEncoding,
    NotCsv,
    NulCharacter,
    Undecodable,
    UnknownEncoding,
    Utf16WithoutMark,
)

CHUNK = 1 << 18
WINDOWS = "cp1252"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_STRAY = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_EXCEL = ("Dans Excel : Fichier, Enregistrer sous, « CSV UTF-8 ».", "In Excel: File, Save as, “CSV UTF-8”.")
_EXPORT = ("Exportez le tableau en « CSV UTF-8 ».", "Export the table as “CSV UTF-8”.")
_FOREIGN = (
    (b"PK\x03\x04", "un classeur (.xlsx, .ods ou .zip)", "a workbook (.xlsx, .ods or .zip)", _EXCEL),
    (b"\xd0\xcf\x11\xe0", "un ancien classeur Excel (.xls)", "an old Excel workbook (.xls)", _EXCEL),
    (b"%PDF", "un document PDF", "a PDF document", _EXPORT),
    (b"\x1f\x8b", "un fichier compressé (.gz)", "a compressed file (.gz)", _EXPORT),
    (b"{\\rtf", "un document RTF", "an RTF document", _EXPORT),
    (b"<", "une page web ou du XML", "a web page or XML", _EXPORT),
)


def find_encoding(path: Path, given: str | None = None) -> str:
    """The encoding in which every byte of the file can be read. Raises FileRefused."""
    with path.open("rb") as file:
        head = file.read(4096)
    _refuse_foreign(head)
    encoding = _named(given) if given else _marked(head)
    if encoding is None:
        _refuse_bare_utf16(head)
        return _utf8_or_windows(path)
    _check(path, encoding)
    return encoding


def _refuse_foreign(head: bytes) -> None:
    if not head.strip():
        raise EmptyFile
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for magic, kind_fr, kind_en, (advice_fr, advice_en) in _FOREIGN:
        if start.startswith(magic):
            raise NotCsv(kind_fr=kind_fr, kind_en=kind_en, advice_fr=advice_fr, advice_en=advice_en)


def _named(given: str) -> str:
    try:
        name = codecs.lookup(given).name
        "a".encode(name).decode(name)
    except (LookupError, UnicodeError):
        raise UnknownEncoding(encoding=given) from None
    return "utf-8-sig" if name == "utf-8" else name


def _marked(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _refuse_bare_utf16(head: bytes) -> None:
    """Latin text in UTF-16 has a NUL in every other byte."""
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        half = head[offset::2]
        if half.count(0) > len(half) * 0.6:
            raise Utf16WithoutMark(encoding=encoding)


def _utf8_or_windows(path: Path) -> str:
    """One pass in which bytes that are not UTF-8 become lone surrogates, so that both kinds can be seen."""
    stray: MixedEncoding | None = None
    genuine = False
    for line, text in _decoded(path, "utf-8", "surrogateescape"):
        if text.isascii():
            continue
        genuine = genuine or _BEYOND_ASCII.search(text) is not None
        found = _STRAY.search(text)
        if stray is None and found:
            stray = MixedEncoding(line=line + _breaks(text[: found.start()]), byte=ord(found.group()) - 0xDC00)
        if stray is not None and genuine:
            raise stray
    if stray is None:
        return "utf-8"
    _check(path, WINDOWS)
    return WINDOWS


def _check(path: Path, encoding: str) -> None:
    for _ in _decoded(path, encoding, "strict"):
        pass


def _decoded(path: Path, encoding: str, errors: str) -> Iterator[tuple[int, str]]:
    """Chunks of text with the number of the line each begins on. Raises Undecodable, NulCharacter."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _undecodable(error, line, encoding) from None
            if "\0" in text:
                raise NulCharacter(line=line + _breaks(text[: text.index("\0")]))
            yield line, text
            if not chunk:
                return
            line += _breaks(text)


def _undecodable(error: UnicodeDecodeError, line: int, encoding: str) -> FileRefused:
    before = error.object[: error.start].decode(encoding, "replace")
    name = encoding.removesuffix("-sig")
    return Undecodable(line=line + _breaks(before), byte=error.object[error.start], encoding=name)


def _breaks(text: str) -> int:
    """Line breaks, counting a lone CR only in files that have no LF (old Mac)."""
    return text.count("\n") or text.count("\r")
