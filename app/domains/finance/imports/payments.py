"""`skooly import payments`: money received, and what it settles.

A payment is known by its provider and reference. Its lines name the invoices it is for, each with an amount; a
payment that names none settles the oldest due first. What is left over stays free. A line that comes twice, as
operators' exports have it, counts once.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.core.database import RawConnection
from app.core.errors import SkoolyError
from app.core.importing import Check, Fault, Importing, Written
from app.core.tabular import Column, Columns, identifier, minor_units, moment
from app.core.text import normalise_matricule
from app.domains.events.service import append_events_from
from app.domains.finance.imports import allocating, posting_sql
from app.domains.finance.imports import payments_sql as sql
from app.domains.finance.imports.cells import CURRENCY, MATRICULE, PROVIDERS, amount_column, currency_code
from app.domains.finance.imports.errors import (
    InvoiceInOtherCurrency,
    InvoiceIsCancelled,
    InvoiceOfAnother,
    PaymentDiffers,
    PaymentLinesDisagree,
    PaymentTwice,
    SumTooLarge,
    UnknownInvoice,
)
from app.domains.students.imports.errors import UnknownMatricule

COLUMNS = Columns(
    Column(
        "provider",
        "Moyen de paiement",
        "Provider",
        PROVIDERS,
        ("mode de paiement", "moyen", "mode", "opérateur", "operator", "payment method"),
        required=True,
        filled=True,
    ),
    Column(
        "reference",
        "Référence",
        "Reference",
        identifier(str),
        ("réf", "n° de transaction", "id transaction", "transaction", "transaction id", "n° de reçu", "n° de chèque"),
        required=True,
        filled=True,
    ),
    MATRICULE,
    amount_column("amount", "Montant", "Amount", "montant payé", "montant versé", filled=True),
    Column(
        "received_at",
        "Date",
        "Date received",
        moment,
        ("date de paiement", "reçu le", "payé le", "date et heure", "payment date", "paid on"),
        required=True,
        filled=True,
    ),
    CURRENCY,
    Column("invoice", "Facture", "Invoice", identifier(str), ("n° facture", "n° de facture", "invoice number")),
)


class Payments:
    """`received` has a row per payment of the file that is new; `portions` what of each an invoice is named for."""

    name = "payments"
    columns = COLUMNS
    tables: Mapping[str, str] = {**sql.TABLES, **allocating.TABLES}
    filled: Sequence[str] = ("payment", "allocation", "instalment")
    checks: Sequence[Check] = (
        Check(UnknownMatricule, "matricule", sql.UNKNOWN_MATRICULE),
        Check(UnknownInvoice, "invoice", sql.UNKNOWN_INVOICE),
        Check(InvoiceOfAnother, "invoice", sql.INVOICE_OF_ANOTHER),
        Check(InvoiceInOtherCurrency, "invoice", sql.INVOICE_IN_OTHER_CURRENCY),
        Check(PaymentLinesDisagree, "reference", sql.LINES_DISAGREE),
        Check(PaymentTwice, "reference", sql.PAYMENT_TWICE),
        Check(SumTooLarge, "amount", sql.TOO_LARGE),
        Check(PaymentDiffers, "reference", sql.DIFFERS),
        Check(InvoiceIsCancelled, "invoice", sql.INVOICE_IS_CANCELLED),
    )

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        provider, reference, matricule, written, received_at, currency, invoice = values
        try:
            code = currency_code(currency, importing.school.currency)
        except SkoolyError as refusal:
            return [Fault("currency", refusal)]
        try:
            amount = minor_units(written, code)
        except SkoolyError as refusal:
            return [Fault("amount", refusal)]
        at = received_at.replace(tzinfo=ZoneInfo(importing.school.timezone))
        return provider, reference, matricule, normalise_matricule(matricule), amount, at, code, invoice

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        await connection.execute(sql.COUNT_ONCE)
        await connection.execute("ANALYZE pg_temp.lines")
        await connection.execute(sql.RECEIVE)
        await connection.execute("ANALYZE pg_temp.received")
        return {}

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        await connection.execute(sql.RECORD)
        await connection.execute(sql.PORTIONS)
        await connection.execute(sql.SPENDABLE)
        await allocating.allocate(connection, named=True)
        await posting_sql.post_imported(connection, sql.FACTS, sql.LAST_LINE)
        new, payments = await connection.fetchrow(sql.COUNT) or (0, 0)
        return Written(new, 0, payments - new)

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        now = importing.clock.now()
        made = await append_events_from(connection, sql.EVENTS, now)
        return made + await append_events_from(connection, posting_sql.EVENTS, now)
