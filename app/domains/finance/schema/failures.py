"""The expected failures of this slice, as members of result unions."""

from app.core.graph.failure import Failure, failure
from app.domains.finance import errors


@failure(errors.PaymentConflict, description="The provider's reference already stands for another payment.")
class PaymentConflictFailure(Failure):
    pass


@failure(errors.PaymentNotFound, description="No payment has this identifier.")
class PaymentNotFoundFailure(Failure):
    pass


@failure(errors.AllocationTooLarge, description="More than is left of the payment, of the invoice or its instalment.")
class AllocationTooLargeFailure(Failure):
    pass


@failure(errors.RefundTooLarge, description="More than is left of the payment.")
class RefundTooLargeFailure(Failure):
    pass


@failure(errors.RefundConflict, description="The provider's reference already stands for another refund.")
class RefundConflictFailure(Failure):
    pass


@failure(errors.InvoiceNotFound, description="No invoice has this number, or none of this student.")
class InvoiceNotFoundFailure(Failure):
    pass


@failure(errors.InvoiceNumberTaken, description="Another invoice has this number.")
class InvoiceNumberTakenFailure(Failure):
    pass


@failure(errors.InvoiceCancelled, description="The invoice is cancelled: nothing more happens to it.")
class InvoiceCancelledFailure(Failure):
    pass


@failure(errors.InvoiceSettled, description="Money already settles it, and the rule was to refuse.")
class InvoiceSettledFailure(Failure):
    pass


@failure(errors.CreditTooLarge, description="More than is left to credit.")
class CreditTooLargeFailure(Failure):
    pass


@failure(errors.CurrencyMismatch, description="The amount is in another currency than what it is for.")
class CurrencyMismatchFailure(Failure):
    pass


@failure(errors.WalletConflict, description="The reference already stands for another movement of a wallet.")
class WalletConflictFailure(Failure):
    pass


@failure(errors.WalletNotFound, description="The student has no wallet.")
class WalletNotFoundFailure(Failure):
    pass


@failure(errors.InsufficientBalance, description="The wallet does not hold as much.")
class InsufficientBalanceFailure(Failure):
    pass


@failure(errors.FeeScheduleNotFound, description="No fee schedule has this code.")
class FeeScheduleNotFoundFailure(Failure):
    pass


@failure(errors.FeeScheduleTaken, description="Another fee schedule has this code.")
class FeeScheduleTakenFailure(Failure):
    pass


@failure(errors.FeeScheduleRetired, description="The fee schedule is retired.")
class FeeScheduleRetiredFailure(Failure):
    pass


@failure(errors.FeeScheduleMismatch, description="The fee schedule is for others.")
class FeeScheduleMismatchFailure(Failure):
    pass


@failure(errors.AlreadyBilled, description="The student has been billed this fee schedule.")
class AlreadyBilledFailure(Failure):
    pass
