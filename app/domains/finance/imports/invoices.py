"""`skooly import invoices`: one line per instalment; the lines of one number are one invoice.

An invoice is known by its number as written. Issued, its student and amounts stay; a label and due dates may still
change. Money that came before its invoice settles it at once, oldest due first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.clock import today
from app.core.database import RawConnection
from app.core.errors import SkoolyError
from app.core.importing import Check, Fault, Importing, Written
from app.core.tabular import Column, Columns, day, identifier, minor_units, text
from app.core.text import normalise_matricule
from app.domains.events.service import append_events_from
from app.domains.finance.imports import allocating, posting_sql
from app.domains.finance.imports import invoices_sql as sql
from app.domains.finance.imports.cells import CURRENCY, KINDS, MATRICULE, amount_column, currency_code
from app.domains.finance.imports.errors import InvoiceDiffers, InvoiceLinesDisagree, SumTooLarge
from app.domains.students.imports.errors import UnknownMatricule

COLUMNS = Columns(
    Column(
        "number",
        "Facture",
        "Invoice",
        identifier(str),
        ("n° facture", "n° de facture", "numéro", "numéro de facture", "invoice number", "référence"),
        required=True,
        filled=True,
    ),
    MATRICULE,
    Column("due_on", "Échéance", "Due date", day, ("date d'échéance", "due on", "due"), required=True, filled=True),
    amount_column("amount", "Montant", "Amount", "montant dû", "montant de l'échéance", filled=True),
    CURRENCY,
    Column("kind", "Type", "Kind", KINDS, ("nature", "catégorie")),
    Column("label", "Libellé", "Label", text(200), ("objet", "description", "désignation")),
    Column("issued_on", "Date de facture", "Issue date", day, ("émise le", "date d'émission", "issued on", "date")),
)


class Invoices:
    """`billed` has a row per invoice of the file, and its verdict: new, changed, same or different."""

    name = "invoices"
    columns = COLUMNS
    tables: Mapping[str, str] = {**sql.TABLES, **allocating.TABLES}
    filled: Sequence[str] = ("invoice", "instalment", "allocation")
    checks: Sequence[Check] = (
        Check(UnknownMatricule, "matricule", sql.UNKNOWN_MATRICULE),
        Check(InvoiceLinesDisagree, "number", sql.LINES_DISAGREE),
        Check(SumTooLarge, "amount", sql.TOO_LARGE),
        Check(InvoiceDiffers, "number", sql.DIFFERS),
    )

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        number, matricule, due_on, written, currency, kind, label, issued_on = values
        try:
            code = currency_code(currency, importing.school.currency)
        except SkoolyError as refusal:
            return [Fault("currency", refusal)]
        try:
            amount = minor_units(written, code)
        except SkoolyError as refusal:
            return [Fault("amount", refusal)]
        return number, matricule, normalise_matricule(matricule), due_on, amount, code, kind, label, issued_on

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        await connection.execute(sql.BILL)
        await connection.execute("ANALYZE pg_temp.billed")
        return {}

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        await connection.execute(sql.ISSUE, today(importing.clock, importing.school.timezone))
        await connection.execute(sql.ISSUE_INSTALMENTS)
        await connection.execute(sql.RELABEL)
        await connection.execute(sql.MOVE_DUE_DATES)
        await connection.execute(sql.SPENDABLE)
        await allocating.allocate(connection)
        await posting_sql.post_imported(connection, sql.FACTS, sql.LAST_LINE)
        new, changed, invoices = await connection.fetchrow(sql.COUNT) or (0, 0, 0)
        return Written(new, changed, invoices - new - changed)

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        now = importing.clock.now()
        made = await append_events_from(connection, sql.EVENTS, now)
        return made + await append_events_from(connection, posting_sql.EVENTS, now)
