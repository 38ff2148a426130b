"""The bursar's desk: every write of this slice over GraphQL, for one student, and what became of the money."""

from dataclasses import dataclass
from typing import Any

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from tests.support.factories.finance import make_payment
from tests.support.operations import Asker
from tests.support.published import faults

_FAILED = "... on Failure { code message field }"
_INVOICE = """number matricule kind label currency total paid credited owed status issuedOn nextDueOn cancelledBecause
    instalments { number dueOn amount paid credited owed }"""
_PAYMENT = "id amount refunded unallocated allocations { invoiceNumber instalment amount }"
_FREED = "freed { invoiceNumber instalment amount paymentId }"
_DONE = {
    "issueInvoice": f"... on Invoice {{ id {_INVOICE} }}",
    "cancelInvoice": f"... on CancelledInvoice {{ invoice {{ {_INVOICE} }} {_FREED} }}",
    "creditInvoice": f"""... on CreditedInvoice {{ {_FREED} invoice {{ {_INVOICE} }}
        creditNote {{ id number invoiceNumber amount reason issuedOn lines {{ instalment dueOn amount }} }} }}""",
    "allocatePayment": f"... on Payment {{ {_PAYMENT} }}",
    "refundPayment": f"""... on RefundedPayment {{ payment {{ {_PAYMENT} }} {_FREED}
        refund {{ id provider reference amount currency reason refundedAt }} }}""",
    "createFeeSchedule": """... on FeeSchedule { code label kind currency total programme class schoolYear retiredAt
        instalments { number dueOn amount } }""",
    "applyFeeSchedule": "... on FeeBilling { alreadyBilled invoices { number matricule total owed } }",
    "debitWallet": "... on WalletEntry { id kind amount balance reference reason forced }",
    "correctWallet": "... on WalletEntry { id kind amount balance reference reason forced }",
}


def mutation(name: str) -> str:
    input_type = f"{name[0].upper()}{name[1:]}Input"
    return f"""mutation ($input: {input_type}!, $key: String) {{
        {name}(input: $input, idempotencyKey: $key) {{ __typename {_DONE[name]} {_FAILED} }} }}"""


@dataclass
class Desk:
    database: Database
    asker: Asker
    actor: Actor
    matricule: str

    async def do(self, name: str, *, key: str | None = None, **given: Any) -> dict[str, Any]:
        """What the mutation `name` answered."""
        answer: dict[str, Any] = (await self.asker.data(self.actor, mutation(name), input=given, key=key))[name]
        return answer

    async def refused(self, name: str, **given: Any) -> tuple[str, str | None]:
        """(type, field) of the failure."""
        answer = await self.do(name, **given)
        return answer["__typename"], answer.get("field")

    async def pay(
        self, amount: int, *, reference: str = "P-1", currency: str = "XOF", invoice: str | None = None
    ) -> str:
        """A payment that settles what it can; its id."""
        async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
            made = await make_payment(
                session,
                self.actor,
                self.matricule,
                amount,
                reference=reference,
                currency=currency,
                invoice_number=invoice,
            )
        return str(made.id)

    async def invoice(self, number: str) -> dict[str, Any]:
        query = f"query ($number: String!) {{ invoice(number: $number) {{ {_INVOICE} }} }}"
        found: dict[str, Any] = (await self.asker.data(self.actor, query, number=number))["invoice"]
        return found

    async def standing(self, number: str) -> tuple[str, str, str, str]:
        """(paid, credited, owed, status) of an invoice."""
        invoice = await self.invoice(number)
        return invoice["paid"], invoice["credited"], invoice["owed"], invoice["status"]

    async def events(self, *, after: int = 3) -> list[tuple[str, dict[str, Any]]]:
        """(type, facts) of what happened since the student's invoices were issued; they must be as published."""
        async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
            told = [(event.type, event.facts) for event in await read_events(session, after, 1_000)]
        assert [fault for type_, facts in told for fault in faults(type_, facts)] == []
        return told

    async def told(self) -> list[str]:
        return [type_ for type_, _ in await self.events()]

    async def fetch(self, query: str, *args: Any) -> Any:
        async with self.database.raw(Wall.app(self.actor.school_id)) as connection:
            return await connection.fetchval(query, *args)


def shares(answer: dict[str, Any]) -> list[tuple[str, int, str]]:
    """What is settled, or freed: (invoice, instalment, amount)."""
    listed = answer["allocations"] if "allocations" in answer else answer["freed"]
    return [(each["invoiceNumber"], each["instalment"], each["amount"]) for each in listed]
