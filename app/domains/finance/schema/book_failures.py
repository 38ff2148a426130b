"""Why the books refuse something, as members of result unions."""

from app.core.graph.failure import Failure, failure
from app.domains.finance import errors


@failure(errors.JournalNotFound, description="No journal has this code.")
class JournalNotFoundFailure(Failure):
    pass


@failure(errors.JournalTaken, description="A journal has this code already.")
class JournalTakenFailure(Failure):
    pass


@failure(errors.NoFiscalPeriod, description="No fiscal year covers the day.")
class NoFiscalPeriodFailure(Failure):
    pass


@failure(errors.PeriodClosed, description="The period is closed: post into an open one.")
class PeriodClosedFailure(Failure):
    pass


@failure(errors.EntryNotFound, description="There is no such entry.")
class EntryNotFoundFailure(Failure):
    pass


@failure(errors.EntryImmutable, description="The entry is validated and no longer changes: reverse it.")
class EntryImmutableFailure(Failure):
    pass


@failure(errors.EntryNotValidated, description="The entry is a draft: change or delete it.")
class EntryNotValidatedFailure(Failure):
    pass


@failure(errors.EntryAlreadyReversed, description="The entry has been reversed before.")
class EntryAlreadyReversedFailure(Failure):
    pass


@failure(
    errors.EntryMadeFromFact,
    description="Skooly posted the entry from a piece: correct the piece.",
)
class EntryMadeFromFactFailure(Failure):
    pass


@failure(
    errors.EntryNumberFollowed,
    description="Taking away the draft's number would leave a gap.",
)
class EntryNumberFollowedFailure(Failure):
    pass


@failure(errors.UnbalancedEntry, description="An entry has at least two lines, and its debit equals its credit.")
class UnbalancedEntryFailure(Failure):
    pass


@failure(errors.LineNotOneSided, description="A line has either a debit or a credit.")
class LineNotOneSidedFailure(Failure):
    pass


@failure(errors.PeriodNotFound, description="No period has this code.")
class PeriodNotFoundFailure(Failure):
    pass


@failure(errors.PeriodHasDrafts, description="The period still has drafts in it.")
class PeriodHasDraftsFailure(Failure):
    pass


@failure(errors.PeriodOutOfOrder, description="Periods close in order, and open again in the reverse one.")
class PeriodOutOfOrderFailure(Failure):
    pass


@failure(errors.PeriodUnchanged, description="The period is in that state already.")
class PeriodUnchangedFailure(Failure):
    pass


@failure(errors.FiscalYearNotFound, description="No fiscal year has this code.")
class FiscalYearNotFoundFailure(Failure):
    pass


@failure(errors.FiscalYearTaken, description="A fiscal year, or one of its periods, has this code already.")
class FiscalYearTakenFailure(Failure):
    pass


@failure(errors.FiscalYearOverlaps, description="The fiscal year overlaps another one.")
class FiscalYearOverlapsFailure(Failure):
    pass


@failure(errors.FiscalYearClosed, description="The fiscal year of the period is closed: open it again first.")
class FiscalYearClosedFailure(Failure):
    pass


@failure(errors.FiscalYearHasOpenPeriods, description="Some periods of the fiscal year are still open.")
class FiscalYearHasOpenPeriodsFailure(Failure):
    pass


@failure(errors.FiscalYearOutOfOrder, description="A later fiscal year is closed: open that one again first.")
class FiscalYearOutOfOrderFailure(Failure):
    pass


@failure(errors.FiscalYearUnchanged, description="The fiscal year is in that state already.")
class FiscalYearUnchangedFailure(Failure):
    pass


@failure(errors.AccountNotFound, description="The chart has no such account.")
class AccountNotFoundFailure(Failure):
    pass


@failure(errors.AccountTaken, description="The chart has this account already.")
class AccountTakenFailure(Failure):
    pass


@failure(errors.AccountMapMissing, description="The school has not chosen a chart of accounts yet.")
class AccountMapMissingFailure(Failure):
    pass


@failure(errors.ChartInUse, description="Pieces have been posted by another chart.")
class ChartInUseFailure(Failure):
    pass
