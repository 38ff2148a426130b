"""Titles, separators, rows of every length, and where an error is said to be."""

from pathlib import Path

import pytest

from app.core.tabular import Column, Columns, Problems, errors, open_table, text
from tests.core.tabular.files import PEOPLE, problems_in, read, write


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_separators_and_line_ends_are_found_out(tmp_path: Path, separator: str, end: str) -> None:
    lines = [["Matricule", "Nom", "Prénom"], ["a/1", "Sow", "Awa"], ["a/2", "Ba", ""]]
    path = write(tmp_path, end.join(separator.join(line) for line in lines))
    assert [row.values[:3] for row in read(path)] == [["A/1", "Sow", "Awa"], ["A/2", "Ba", None]]
    assert [row.line for row in read(path)] == [2, 3]


def test_titles_decide_the_separator_not_their_number(tmp_path: Path) -> None:
    path = write(tmp_path, 'Matricule;"Nom, de, famille"\n1;Sow\n')
    assert read(path)[0].values[:2] == ["1", "Sow"]


def test_excel_declares_its_separator(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=,\r\nMatricule,Nom\r\n1,Sow\r\n")
    row = read(path)[0]
    assert (row.line, row.values[1]) == (3, "Sow")


def test_a_separator_given_by_hand(tmp_path: Path) -> None:
    path = write(tmp_path, "Matricule\tNom\n1\tSow;Fall\n")
    assert read(path, separator="tab")[0].values[1] == "Sow;Fall"
    with pytest.raises(errors.UnknownSeparator), open_table(path, PEOPLE, separator="x"):
        pass


@pytest.mark.parametrize(
    "title", ["prenom", "PRÉNOM", " Pré-nom ", "first_name", "First Name", "prénom(s)", "Pre\u0301nom"]
)
def test_titles_in_every_spelling(tmp_path: Path, title: str) -> None:
    path = write(tmp_path, f"{title};matricule;NOM DE FAMILLE\nAwa;1;Sow\n")
    assert read(path)[0].values[:3] == ["1", "Sow", "Awa"]


def test_an_unknown_title_names_the_known_ones_and_the_closest(tmp_path: Path) -> None:
    with pytest.raises(errors.UnknownColumn) as refused, open_table(write(tmp_path, "Matricule;Nom;Prenon\n"), PEOPLE):
        pass
    message = refused.value.message("fr")
    assert "« Prenon » (ligne 1, colonne 3). Vouliez-vous dire « Prénom » ?" in message
    assert "Matricule, Nom, Prénom, Date de naissance, Montant" in message


def test_two_titles_for_one_column(tmp_path: Path) -> None:
    with pytest.raises(errors.DuplicateColumn), open_table(write(tmp_path, "Matricule;Nom;nom de famille\n"), PEOPLE):
        pass


def test_missing_columns(tmp_path: Path) -> None:
    with pytest.raises(errors.MissingColumns) as refused, open_table(write(tmp_path, "Prénom\nAwa\n"), PEOPLE):
        pass
    assert "Matricule, Nom" in refused.value.message("fr")


def test_two_columns_may_not_claim_one_title() -> None:
    with pytest.raises(ValueError, match="claimed"):
        Columns(Column("a", "Nom", "Name", text(9)), Column("b", "nom", "Other", text(9)))


def test_blank_lines_and_trailing_separators_are_nothing(tmp_path: Path) -> None:
    content = ";;;;\r\n\r\nMatricule;Nom;Prénom;;\r\n1;Sow;Awa;;\r\n;;;;\r\n  ;\t;;\r\n2;Ba\r\n;;;;\r\n\r\n\r\n"
    rows = read(write(tmp_path, content))
    assert [(row.line, row.values[0], row.values[2]) for row in rows] == [(4, "1", "Awa"), (7, "2", None)]


def test_a_row_that_is_too_long(tmp_path: Path) -> None:
    path = write(tmp_path, "Matricule,Nom,Montant\n1,Sow,15,50\n2,Ba,15\n")
    assert problems_in(path) == [(2, None, "ROW_TOO_LONG")]


def test_a_row_that_ends_before_a_required_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "Matricule;Prénom;Nom\n1;Awa\n")
    assert problems_in(path) == [(2, "Nom", "CELL_MISSING")]


def test_a_value_under_no_title(tmp_path: Path) -> None:
    path = write(tmp_path, "Matricule;;Nom\n1;;Sow\n2;oups;Ba\n")
    assert problems_in(path) == [(3, None, "CELL_WITHOUT_TITLE")]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = write(tmp_path, 'Matricule;Nom;Prénom\n1;Sow;"A\nB"\n2;Ba;"C ""le petit"" D"\n3;;\n')
    assert problems_in(path) == [(2, "Prénom", "CELL_UNREADABLE_CHARACTER"), (5, "Nom", "CELL_MISSING")]


def test_every_wrong_cell_of_a_row_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, "Matricule;Nom;Date de naissance;Montant\n1,5E+12;#REF!;31/02/2024;abc\n")
    assert problems_in(path) == [
        (2, "Matricule", "CELL_SCIENTIFIC_NOTATION"),
        (2, "Nom", "CELL_SPREADSHEET_ERROR"),
        (2, "Date de naissance", "CELL_NOT_A_DATE"),
        (2, "Montant", "CELL_NOT_AN_AMOUNT"),
    ]


@pytest.mark.parametrize("row", ['1;"Sow\n2;Ba\n', '1;"Sow"x;Awa\n', '1;"' + "x" * 200_000])
def test_a_quote_that_is_not_closed(tmp_path: Path, row: str) -> None:
    with (
        pytest.raises(errors.BrokenQuoting) as refused,
        open_table(write(tmp_path, "Matricule;Nom\n0;Fall\n" + row), PEOPLE) as table,
    ):
        list(table.rows(Problems()))
    assert refused.value.facts == {"line": 3}


def test_problems_are_kept_to_a_hundred_and_counted_to_the_end(tmp_path: Path) -> None:
    problems = Problems()
    with open_table(write(tmp_path, "Matricule;Nom\n" + "x;\n" * 250), PEOPLE) as table:
        assert list(table.rows(problems)) == []
    assert (problems.count, len(problems.first)) == (250, 100)
    assert problems.first[0].as_dict("en") == {
        "line": 2,
        "column": "Nom",
        "code": "CELL_MISSING",
        "message": "Empty cell: a value is required.",
    }


def test_what_the_file_has_and_how_far_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "NOM DE FAMILLE;Matricule\nSow;1\n")
    with open_table(path, PEOPLE) as table:
        assert table.present == {"matricule", "last_name"}
        assert table.title("last_name") == "NOM DE FAMILLE"
        assert table.title("first_name") == "Prénom"
        list(table.rows(Problems()))
        assert table.position == path.stat().st_size
