"""Which encoding a file is read in, and which files are honestly refused."""

from pathlib import Path

import pytest

from app.core.tabular import errors, open_table
from app.core.tabular.encodings import CHUNK, find_encoding
from tests.core.tabular.files import PEOPLE, read, write

TABLE = "Matricule;Nom;Prénom\r\n1;N'Diaye;Aïssatou\r\n2;Œuvrard;Zoé\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_an_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    rows = read(write(tmp_path, TABLE, encoding))
    assert rows[0].values[:3] == ["1", "N'Diaye", "Aïssatou"]
    assert rows[1].values[1] == "Œuvrard"


def test_utf16_big_endian_with_its_mark(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xfe\xff" + TABLE.encode("utf-16-be"))
    assert read(path)[0].values[2] == "Aïssatou"


def test_an_encoding_given_by_hand_wins(tmp_path: Path) -> None:
    assert read(write(tmp_path, TABLE, "mac-roman"), encoding="mac-roman")[1].values[2] == "Zoé"


def test_the_mark_of_utf8_is_no_part_of_the_first_title(tmp_path: Path) -> None:
    assert read(write(tmp_path, TABLE, "utf-8-sig"), encoding="utf-8")[0].values[0] == "1"


def test_one_late_byte_that_is_not_utf8_is_an_honest_error(tmp_path: Path) -> None:
    rows = "".join(f"{number};Nom é;Zoé\r\n" for number in range(40_000))
    content = ("Matricule;Nom;Prénom\r\n" + rows).encode() + b"99;Ren\xe9;x\r\n"
    assert len(content) > CHUNK
    with pytest.raises(errors.MixedEncoding) as refused:
        find_encoding(write(tmp_path, content))
    assert refused.value.facts == {"line": 40_002, "byte": 0xE9}
    assert "--encoding cp1252" in refused.value.message("fr")


def test_the_stray_byte_may_come_before_the_utf8(tmp_path: Path) -> None:
    with pytest.raises(errors.MixedEncoding) as refused:
        find_encoding(write(tmp_path, b"Matricule;Nom\n1;Ren\xe9\n2;Zo\xc3\xa9\n"))
    assert refused.value.facts["line"] == 2


def test_a_character_may_lie_across_two_chunks(tmp_path: Path) -> None:
    content = b"a" * (CHUNK - 1) + "é".encode()
    assert find_encoding(write(tmp_path, content)) == "utf-8"


def test_a_byte_that_windows_lacks(tmp_path: Path) -> None:
    with pytest.raises(errors.Undecodable) as refused:
        find_encoding(write(tmp_path, b"Matricule;Nom\r\n1;Ren\xe9 \x81\r\n"))
    assert refused.value.facts == {"line": 2, "byte": 0x81, "encoding": "cp1252"}


def test_a_mark_that_lies(tmp_path: Path) -> None:
    with pytest.raises(errors.Undecodable):
        find_encoding(write(tmp_path, b"\xef\xbb\xbfMatricule;Nom\r\n1;Ren\xe9\r\n"))


def test_utf16_cut_in_the_middle_of_a_character(tmp_path: Path) -> None:
    with pytest.raises(errors.Undecodable):
        find_encoding(write(tmp_path, TABLE.encode("utf-16")[:-1]))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_named(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, TABLE, encoding)
    with pytest.raises(errors.Utf16WithoutMark) as refused:
        find_encoding(path)
    assert refused.value.facts == {"encoding": encoding}
    assert read(path, encoding=encoding)[0].values[0] == "1"


def test_a_nul_character(tmp_path: Path) -> None:
    with pytest.raises(errors.NulCharacter) as refused:
        find_encoding(write(tmp_path, b"Matricule;Nom\n1;A\n2;\x00B\n"))
    assert refused.value.facts == {"line": 3}


@pytest.mark.parametrize("encoding", ["klingon", "base64", "zlib"])
def test_an_unknown_encoding(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(errors.UnknownEncoding):
        find_encoding(write(tmp_path, TABLE), encoding)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04\x14\x00", ".xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", ".gz"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "web"),
    ],
)
def test_another_kind_of_file_given_by_mistake(tmp_path: Path, start: bytes, kind: str) -> None:
    with pytest.raises(errors.NotCsv) as refused, open_table(write(tmp_path, start), PEOPLE):
        pass
    assert kind in refused.value.message("en")
    assert "CSV UTF-8" in refused.value.message("fr")


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf;;;\r\n;;\r\n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(errors.EmptyFile), open_table(write(tmp_path, content), PEOPLE):
        pass


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.NotReadable, match="no such file"), open_table(tmp_path / "x.csv", PEOPLE):
        pass
    with pytest.raises(errors.NotReadable, match="folder"), open_table(tmp_path, PEOPLE):
        pass
