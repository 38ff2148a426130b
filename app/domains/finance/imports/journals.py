"""`skooly import journals`: lines of entries, as accounting programs export them (FEC titles are understood).

An entry is known by its journal, its fiscal year and its number; its lines lie together or not. Without a column of
validation dates the entries of a file are final, and validated; with one, those without a date stay drafts. A
validated entry never changes: the same content again is no change, other content is an error. A journal the file
names is made where it does not exist; so is the calendar year of an entry in a school that has no fiscal year there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.database import RawConnection
from app.core.errors import SkoolyError
from app.core.importing import Check, Fault, Importing, Written, affected
from app.core.tabular import Column, Columns, day, identifier, minor_units, text, whole_number
from app.core.text import normalise_code, normalise_matricule
from app.domains.events.service import append_events_from
from app.domains.finance.errors import LineNotOneSided, NoFiscalPeriod, PeriodClosed
from app.domains.finance.imports import journals_sql as sql
from app.domains.finance.imports.cells import CURRENCY, amount_column, currency_code
from app.domains.finance.imports.errors import (
    EntryLinesDisagree,
    EntryTooShort,
    EntryUnbalanced,
    EntryValidated,
)

COLUMNS = Columns(
    Column("journal", "Journal", "Journal code", identifier(str), ("code journal", "JournalCode"), True, True),
    Column("journal_label", "Libellé journal", "Journal label", text(100), ("JournalLib",)),
    Column(
        "number", "N° écriture", "Entry number", whole_number(1, 2_000_000_000), ("EcritureNum", "numéro"), True, True
    ),
    Column("entry_date", "Date", "Entry date", day, ("EcritureDate", "date écriture"), True, True),
    Column(
        "account", "Compte", "Account", identifier(str, 20), ("CompteNum", "n° compte", "compte général"), True, True
    ),
    Column("account_label", "Libellé compte", "Account label", text(120), ("CompteLib", "intitulé")),
    Column("aux_account", "Compte auxiliaire", "Auxiliary account", identifier(str), ("CompAuxNum", "compte tiers")),
    Column("aux_label", "Libellé auxiliaire", "Auxiliary label", text(120), ("CompAuxLib", "intitulé tiers")),
    Column("piece_ref", "Pièce", "Piece", identifier(str), ("PieceRef", "n° pièce", "réf pièce", "document")),
    Column("piece_date", "Date pièce", "Piece date", day, ("PieceDate", "date de pièce")),
    Column("label", "Libellé", "Label", text(200), ("EcritureLib", "libellé écriture"), True, True),
    amount_column("debit", "Débit", "Debit"),
    amount_column("credit", "Crédit", "Credit"),
    Column("due_date", "Échéance", "Due date", day, ("date échéance",)),
    Column("payment_mode", "Mode de règlement", "Payment mode", text(40), ("mode de paiement",)),
    Column("lettering", "Lettrage", "Lettering", text(20), ("EcritureLet",)),
    Column("lettered_at", "Date lettrage", "Lettering date", day, ("DateLet", "date de lettrage")),
    Column("validated_on", "Validée le", "Validated on", day, ("ValidDate", "date de validation")),
    CURRENCY,
)


class Journals:
    """`entries` has a row per entry of the file, its verdict, and a digest of what its lines say."""

    name = "journals"
    columns = COLUMNS
    tables: Mapping[str, str] = sql.TABLES
    filled: Sequence[str] = ("journal_entry", "journal_line")
    checks: Sequence[Check] = (
        Check(EntryLinesDisagree, "number", sql.LINES_DISAGREE),
        Check(NoFiscalPeriod, "entry_date", sql.NO_FISCAL_PERIOD),
        Check(EntryTooShort, "number", sql.TOO_SHORT),
        Check(EntryUnbalanced, None, sql.UNBALANCED),
        Check(EntryValidated, "number", sql.VALIDATED),
        Check(PeriodClosed, "entry_date", sql.PERIOD_CLOSED),
    )

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        *words, debit, credit, due, mode, lettering, lettered, validated, written = values
        journal, journal_label, number, entry_date, account, account_label, aux, aux_label, piece, piece_date, label = (
            words
        )
        try:
            currency = currency_code(written, importing.school.currency)
        except SkoolyError as refusal:
            return [Fault("currency", refusal)]
        sides, faults = _sides(debit, credit, currency)
        if faults:
            return faults
        return (
            normalise_code(journal, "journal"),
            journal_label or journal,
            number,
            entry_date,
            account,
            account_label or account,
            normalise_matricule(aux) if aux else None,
            aux_label,
            piece or f"{journal}-{number}",
            piece_date or entry_date,
            label,
            *sides,
            due,
            mode,
            lettering,
            lettered,
            validated,
            currency,
        )

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        years = affected(await connection.execute(sql.MAKE_YEARS))
        await connection.execute(sql.MAKE_PERIODS)
        await connection.execute(sql.DATE)
        await connection.execute("ANALYZE pg_temp.days")
        await connection.execute(sql.GATHER, "validated_on" not in importing.present)
        await connection.execute("ANALYZE pg_temp.entries")
        await connection.execute(sql.JUDGE)
        return {"fiscal_years": years}

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        now, zone = importing.clock.now(), importing.school.timezone
        journals = affected(await connection.execute(sql.MAKE_JOURNALS))
        await connection.execute(sql.DROP_OLD_LINES)
        await connection.execute(sql.UPDATE_DRAFTS)
        await connection.execute(sql.INSERT_ENTRIES)
        await connection.execute(sql.INSERT_LINES)
        await connection.execute(sql.VALIDATE, now, zone)
        new, changed, entries = await connection.fetchrow(sql.COUNT) or (0, 0, 0)
        return Written(new, changed, entries - new - changed, {"journals": journals})

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        return await append_events_from(connection, sql.EVENTS, importing.clock.now())


def _sides(debit: str | None, credit: str | None, currency: str) -> tuple[list[int], list[Fault]]:
    """Both amounts in minor units; a cell that is empty is zero, as is one that says so."""
    sides: list[int] = []
    for column, written in (("debit", debit), ("credit", credit)):
        try:
            sides.append(minor_units(written, currency, zero=True) if written else 0)
        except SkoolyError as refusal:
            return [], [Fault(column, refusal)]
    if (sides[0] > 0) == (sides[1] > 0):
        return [], [Fault("debit", LineNotOneSided())]
    return sides, []
