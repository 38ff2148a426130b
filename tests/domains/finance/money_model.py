"""A student's money in a few plain lists: small enough to be believed, and to be compared with the database.

Every command answers with the failure it ought to meet, or None.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.domains.finance import errors

Refusal = type[Exception] | None


@dataclass(eq=False)
class Part:
    """An instalment."""

    bill: "Bill"
    number: int
    due_on: date
    amount: int
    credited: int = 0
    uses: list["Use"] = field(default_factory=list)
    """What settles it, oldest first."""

    @property
    def paid(self) -> int:
        return sum(use.amount for use in self.uses)

    @property
    def owed(self) -> int:
        return 0 if self.bill.cancelled else self.amount - self.credited - self.paid

    @property
    def place(self) -> tuple[date, str, int]:
        return self.due_on, self.bill.number, self.number


@dataclass(eq=False)
class Bill:
    number: str
    kind: str
    currency: str
    parts: list[Part] = field(default_factory=list)
    cancelled: bool = False

    @property
    def open(self) -> bool:
        return any(part.owed for part in self.parts)


@dataclass(eq=False)
class Money:
    """A payment."""

    amount: int
    currency: str
    refunded: int = 0


@dataclass(eq=False)
class Use:
    """So much of a payment for an instalment."""

    money: Money
    amount: int


@dataclass
class Model:
    today: date
    bills: list[Bill] = field(default_factory=list)
    payments: dict[str, Money] = field(default_factory=dict)
    refunds: dict[str, tuple[Money, int]] = field(default_factory=dict)
    balance: int | None = None
    ledger: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, reference) → amount, of meals, debits and corrections"""
    events: list[str] = field(default_factory=list)

    def allocated(self, money: Money) -> int:
        return sum(use.amount for part in self._parts() for use in part.uses if use.money is money)

    def _parts(self) -> Iterable[Part]:
        return (part for bill in self.bills for part in bill.parts)

    def _tell(self, topic: str, change: Callable[[], None]) -> None:
        """What changes, and which invoices thereby become paid or are open again."""
        before = {bill: bill.open for bill in self.bills}
        self.events.append(topic)
        change()
        for bill in self.bills:
            if bill.open != before[bill] and not bill.cancelled:
                self.events.append("invoice.updated" if bill.open else "invoice.paid")

    # --- invoices

    def issue(self, number: str, kind: str, currency: str, dues: list[tuple[date, int]]) -> None:
        bill = Bill(number, kind, currency)
        bill.parts = [Part(bill, nth, due_on, amount) for nth, (due_on, amount) in enumerate(dues, 1)]
        self.bills.append(bill)
        self.events.append("invoice.issued")

    def cancel(self, bill: Bill, *, free: bool) -> Refusal:
        if bill.cancelled:
            return errors.InvoiceCancelled
        if not free and any(part.uses for part in bill.parts):
            return errors.InvoiceSettled
        bill.cancelled = True
        for part in bill.parts:
            part.uses = []
        self.events.append("invoice.cancelled")
        return None

    def credit(self, bill: Bill, amount: int | None, *, free: bool) -> Refusal:
        if bill.cancelled:
            return errors.InvoiceCancelled
        most = sum(part.amount - part.credited for part in bill.parts)
        left = most if amount is None else amount
        if not 0 < left <= most:
            return errors.CreditTooLarge
        last_first = sorted(bill.parts, key=lambda part: part.place, reverse=True)
        lines = dict.fromkeys(bill.parts, 0)
        for room in ([part.owed for part in last_first], [part.paid for part in last_first]):
            for part, most_here in zip(last_first, room, strict=True):
                lines[part] += (share := min(left, most_here))
                left -= share
        return self._credit(lines, free=free)

    def credit_part(self, bill: Bill, nth: int, amount: int, *, free: bool) -> Refusal:
        part = bill.parts[nth % len(bill.parts)]
        if bill.cancelled:
            return errors.InvoiceCancelled
        if amount > part.amount - part.credited:
            return errors.CreditTooLarge
        return self._credit({part: amount}, free=free)

    def _credit(self, lines: dict[Part, int], *, free: bool) -> Refusal:
        if not free and any(amount > part.owed for part, amount in lines.items()):
            return errors.InvoiceSettled

        def change() -> None:
            for part, amount in lines.items():
                self._free([(part, use) for use in reversed(part.uses)], amount - part.owed)
                part.credited += amount

        self._tell("invoice.credited", change)
        return None

    # --- payments

    def pay(self, reference: str, amount: int, currency: str, bill: Bill | None) -> Refusal:
        if bill is not None and bill.currency != currency:
            return errors.CurrencyMismatch
        if (first := self.payments.get(reference)) is not None:
            return None if (first.amount, first.currency) == (amount, currency) else errors.PaymentConflict
        money = self.payments[reference] = Money(amount, currency)
        targets = [part for one in ([bill] if bill else self.bills) if one.currency == currency for part in one.parts]
        self._tell("payment.recorded", lambda: self._spend(money, targets, amount))
        return None

    def _spend(self, money: Money, targets: Iterable[Part], amount: int) -> None:
        """Oldest due first."""
        for part in sorted(targets, key=lambda part: part.place):
            if share := min(amount, part.owed):
                found = next((use for use in part.uses if use.money is money), None)
                if found is None:
                    part.uses.append(Use(money, share))
                else:
                    found.amount += share
                amount -= share

    def allocate(self, money: Money, shares: list[tuple[Bill, int | None, int]]) -> Refusal:
        if sum(amount for _, _, amount in shares) > money.amount - money.refunded:
            return errors.AllocationTooLarge
        for bill, _, _ in shares:
            if bill.cancelled:
                return errors.InvoiceCancelled
            if bill.currency != money.currency:
                return errors.CurrencyMismatch
        kept, told = {part: list(part.uses) for part in self._parts()}, len(self.events)
        before, fits = self._settled_by(money), []
        self._tell("payment.allocated", lambda: fits.append(self._settle_anew(money, shares)))
        if not fits[0] or self._settled_by(money) == before:
            for part, uses in kept.items():
                part.uses = uses
            del self.events[told:]
        return None if fits[0] else errors.AllocationTooLarge

    def _settle_anew(self, money: Money, shares: list[tuple[Bill, int | None, int]]) -> bool:
        """Whether there is room for every share."""
        for part in self._parts():
            part.uses = [use for use in part.uses if use.money is not money]
        for bill, nth, amount in shares:
            targets = bill.parts if nth is None else [bill.parts[nth % len(bill.parts)]]
            if amount > sum(part.owed for part in targets):
                return False
            self._spend(money, targets, amount)
        return True

    def _settled_by(self, money: Money) -> dict[Part, int]:
        return {part: use.amount for part in self._parts() for use in part.uses if use.money is money}

    def refund(self, reference: str, money: Money, amount: int | None) -> Refusal:
        if reference in self.refunds:
            first, given = self.refunds[reference]
            return None if first is money and amount in (None, given) else errors.RefundConflict
        most = money.amount - money.refunded
        given = most if amount is None else amount
        if not 0 < given <= most:
            return errors.RefundTooLarge
        self.refunds[reference] = (money, given)
        last_first = sorted(self._parts(), key=lambda part: part.place, reverse=True)
        settled = [(part, use) for part in last_first for use in part.uses if use.money is money]

        def change() -> None:
            self._free(settled, given - (most - self.allocated(money)))
            money.refunded += given

        self._tell("payment.refunded", change)
        return None

    def _free(self, settled: list[tuple[Part, Use]], amount: int) -> None:
        """In the order given; what is taken in part counts as the newest of its instalment."""
        for part, use in settled:
            if amount > 0:
                share = min(amount, use.amount)
                part.uses.remove(use)
                if share < use.amount:
                    part.uses.append(Use(use.money, use.amount - share))
                amount -= share

    # --- wallets

    def top_up(self, amount: int) -> None:
        self.balance = (self.balance or 0) + amount
        self.events.append("wallet.topped_up")

    def eat(self, reference: str, price: int, *, offline: bool) -> Refusal:
        if ("meal", reference) in self.ledger:
            return None if self.ledger["meal", reference] == -price else errors.WalletConflict
        balance = (self.balance or 0) - price
        if balance < 0 and not offline:
            return errors.InsufficientBalance
        self.balance, self.ledger["meal", reference] = balance, -price
        if 0 <= balance < price:
            self.events.append("wallet.low")
        return None

    def move(self, kind: str, reference: str, amount: int, *, may_overdraw: bool) -> Refusal:
        """A debit or a correction."""
        if self.balance is None:
            return errors.WalletNotFound
        if (kind, reference) in self.ledger:
            return None if self.ledger[kind, reference] == amount else errors.WalletConflict
        if self.balance + amount < 0 and not may_overdraw:
            return errors.InsufficientBalance
        self.balance += amount
        self.ledger[kind, reference] = amount
        self.events.append("wallet.debited" if kind == "debit" else "wallet.corrected")
        return None

    # --- what is asked of it all

    @property
    def late_since(self) -> date | None:
        late = [
            part.due_on
            for part in self._parts()
            if part.bill.kind == "tuition" and part.owed and part.due_on < self.today
        ]
        return min(late) + timedelta(days=1) if late else None

    def status(self, bill: Bill) -> str:
        if bill.cancelled:
            return "cancelled"
        if not bill.open:
            return "paid"
        return "late" if any(part.owed and part.due_on < self.today for part in bill.parts) else "open"
