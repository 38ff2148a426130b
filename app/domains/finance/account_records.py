"""A school's accounts as plain values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountRecord:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class MappedAccount:
    """The account that takes what is posted for a use."""

    use: str
    account: str
    label: str


@dataclass(frozen=True, slots=True)
class MappedJournal:
    """The journal in which it is posted."""

    use: str
    journal: str
    label: str


@dataclass(frozen=True, slots=True)
class AccountMapRecord:
    """Where a school's facts are posted, since `chosen_at`; by use."""

    chart: str
    chart_label: str
    chosen_at: datetime
    accounts: tuple[MappedAccount, ...]
    journals: tuple[MappedJournal, ...]
