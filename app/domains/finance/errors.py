"""What can go wrong with what students owe, their wallets and the books.

FinanceError
├── InvoiceError    InvoiceNotFound · InvoiceNumberTaken · InvoiceCancelled · InvoiceSettled · CreditTooLarge
├── FeeError        FeeScheduleNotFound · FeeScheduleTaken · FeeScheduleRetired · FeeScheduleMismatch · AlreadyBilled
├── PaymentError    PaymentNotFound · PaymentConflict · AllocationTooLarge · RefundTooLarge · RefundConflict
├── WalletConflict · WalletNotFound · CurrencyMismatch · InsufficientBalance
└── BooksError      JournalNotFound · NoFiscalPeriod · PeriodClosed · FiscalYearTaken
                    EntryNotFound · EntryImmutable · UnbalancedEntry · LineNotOneSided
                    JournalTaken · EntryNotValidated · EntryAlreadyReversed · EntryMadeFromFact · EntryNumberFollowed
                    PeriodNotFound · PeriodHasDrafts · PeriodOutOfOrder · PeriodUnchanged
                    FiscalYearNotFound · FiscalYearOverlaps · FiscalYearClosed · FiscalYearHasOpenPeriods
                    FiscalYearOutOfOrder · FiscalYearUnchanged
                    AccountNotFound · AccountTaken · AccountMapMissing · ChartInUse
"""

from app.core.errors import SkoolyError


class FinanceError(SkoolyError):
    """Groups the failures of this slice."""


class InvoiceError(FinanceError):
    """Groups the failures of invoices."""


class InvoiceNotFound(InvoiceError):
    code = "INVOICE_NOT_FOUND"
    fr = "Aucune facture « {number} » n'a été trouvée."
    en = "No invoice “{number}” was found."


class InvoiceNumberTaken(InvoiceError):
    code = "INVOICE_NUMBER_TAKEN"
    fr = "La facture « {number} » existe déjà."
    en = "The invoice “{number}” already exists."


class InvoiceCancelled(InvoiceError):
    code = "INVOICE_CANCELLED"
    fr = "La facture « {number} » est annulée."
    en = "The invoice “{number}” is cancelled."


class InvoiceSettled(InvoiceError):
    code = "INVOICE_SETTLED"
    fr = "La facture « {number} » est déjà réglée, en tout ou en partie : demandez de libérer ces règlements."
    en = "The invoice “{number}” is already settled, wholly or in part: ask for those allocations to be freed."


class CreditTooLarge(InvoiceError):
    code = "CREDIT_TOO_LARGE"
    fr = "L'avoir dépasse ce qui reste à créditer : {most} {currency} au plus."
    en = "The credit is larger than what is left to credit: {most} {currency} at most."


class FeeError(FinanceError):
    """Groups the failures of fee schedules."""


class FeeScheduleNotFound(FeeError):
    code = "FEE_SCHEDULE_NOT_FOUND"
    fr = "Aucun barème n'a le code « {schedule} »."
    en = "No fee schedule has the code “{schedule}”."


class FeeScheduleTaken(FeeError):
    code = "FEE_SCHEDULE_TAKEN"
    fr = "Le barème « {schedule} » existe déjà."
    en = "The fee schedule “{schedule}” already exists."


class FeeScheduleRetired(FeeError):
    code = "FEE_SCHEDULE_RETIRED"
    fr = "Le barème « {schedule} » est retiré et ne facture plus personne."
    en = "The fee schedule “{schedule}” is retired and bills nobody any more."


class FeeScheduleMismatch(FeeError):
    code = "FEE_SCHEDULE_MISMATCH"
    fr = "Le barème « {schedule} » ne concerne pas {whom}."
    en = "The fee schedule “{schedule}” is not for {whom}."


class AlreadyBilled(FeeError):
    code = "ALREADY_BILLED"
    fr = "Le barème « {schedule} » a déjà été facturé à l'étudiant par la facture « {number} »."
    en = "The fee schedule “{schedule}” has already been billed to the student, by the invoice “{number}”."


class PaymentError(FinanceError):
    """Groups the failures of payments."""


class PaymentNotFound(PaymentError):
    code = "PAYMENT_NOT_FOUND"
    fr = "Ce paiement n'existe pas."
    en = "This payment does not exist."


class AllocationTooLarge(PaymentError):
    code = "ALLOCATION_TOO_LARGE"
    fr = "Le montant dépasse ce qu'il reste : {most} {currency} au plus."
    en = "The amount is larger than what is left: {most} {currency} at most."


class RefundTooLarge(PaymentError):
    code = "REFUND_TOO_LARGE"
    fr = "Le remboursement dépasse ce qui reste du paiement : {most} {currency} au plus."
    en = "The refund is larger than what is left of the payment: {most} {currency} at most."


class RefundConflict(PaymentError):
    code = "REFUND_CONFLICT"
    fr = "La référence « {reference} » est déjà celle d'un autre remboursement : paiement ou montant diffèrent."
    en = "The reference “{reference}” is already another refund's: payment or amount differ."


class PaymentConflict(PaymentError):
    code = "PAYMENT_CONFLICT"
    fr = "La référence « {reference} » est déjà celle d'un autre paiement : étudiant, montant ou devise diffèrent."
    en = "The reference “{reference}” is already another payment's: student, amount or currency differ."


class WalletConflict(FinanceError):
    code = "WALLET_CONFLICT"
    fr = "La référence « {reference} » est déjà celle d'un autre mouvement : étudiant ou montant diffèrent."
    en = "The reference “{reference}” is already another movement's: student or amount differ."


class WalletNotFound(FinanceError):
    code = "WALLET_NOT_FOUND"
    fr = "L'étudiant n'a pas de porte-monnaie."
    en = "The student has no wallet."


class CurrencyMismatch(FinanceError):
    code = "CURRENCY_MISMATCH"
    fr = "Le montant est en {given}, il faut {expected}."
    en = "The amount is in {given}, {expected} is needed."


class InsufficientBalance(FinanceError):
    code = "INSUFFICIENT_BALANCE"
    fr = "Solde insuffisant"
    en = "Insufficient balance"


class BooksError(FinanceError):
    """Groups the failures of journals, entries and fiscal years."""


class JournalNotFound(BooksError):
    code = "JOURNAL_NOT_FOUND"
    fr = "Aucun journal n'a le code « {journal} »."
    en = "No journal has the code “{journal}”."


class NoFiscalPeriod(BooksError):
    code = "NO_FISCAL_PERIOD"
    fr = "Aucun exercice ne couvre le {entry_date:%d/%m/%Y}."
    en = "No fiscal year covers {entry_date:%d/%m/%Y}."


class PeriodClosed(BooksError):
    code = "PERIOD_CLOSED"
    fr = "La période est close : passez l'écriture dans une période ouverte."
    en = "The period is closed: post the entry into an open one."


class FiscalYearTaken(BooksError):
    code = "FISCAL_YEAR_TAKEN"
    fr = "Un exercice « {fiscal_year} » ou l'une de ses périodes existe déjà."
    en = "A fiscal year “{fiscal_year}” or one of its periods already exists."


class EntryNotFound(BooksError):
    code = "ENTRY_NOT_FOUND"
    fr = "Cette écriture n'existe pas."
    en = "This entry does not exist."


class EntryImmutable(BooksError):
    code = "ENTRY_IMMUTABLE"
    fr = "L'écriture est validée et ne change plus : passez une extourne, puis une nouvelle écriture."
    en = "The entry is validated and no longer changes: post a reversal, then a new entry."


class UnbalancedEntry(BooksError):
    code = "UNBALANCED_ENTRY"
    fr = "Une écriture a au moins deux lignes, et son débit est égal à son crédit."
    en = "An entry has at least two lines, and its debit equals its credit."


class LineNotOneSided(BooksError):
    code = "LINE_NOT_ONE_SIDED"
    fr = "Une ligne d'écriture a un débit ou un crédit, l'un des deux et plus grand que zéro."
    en = "A line of an entry has a debit or a credit, one of the two and greater than zero."


class JournalTaken(BooksError):
    code = "JOURNAL_TAKEN"
    fr = "Un journal « {journal} » existe déjà."
    en = "A journal “{journal}” already exists."


class EntryNotValidated(BooksError):
    code = "ENTRY_NOT_VALIDATED"
    fr = "L'écriture est encore un brouillard : modifiez-la ou supprimez-la, il n'y a rien à extourner."
    en = "The entry is still a draft: change or delete it, there is nothing to reverse."


class EntryAlreadyReversed(BooksError):
    code = "ENTRY_ALREADY_REVERSED"
    fr = "L'écriture a déjà été extournée."
    en = "The entry has already been reversed."


class EntryMadeFromFact(BooksError):
    code = "ENTRY_MADE_FROM_FACT"
    fr = (
        "L'écriture vient d'une pièce de Skooly ({source}) : corrigez la pièce par un avoir ou un "
        "remboursement, ou passez une opération diverse."
    )
    en = (
        "The entry is made from a piece of Skooly's ({source}): correct the piece by a credit or a refund, "
        "or post a general entry."
    )


class EntryNumberFollowed(BooksError):
    code = "ENTRY_NUMBER_FOLLOWED"
    fr = (
        "D'autres écritures suivent le n° {number} : le retirer laisserait un trou. Validez l'écriture, puis "
        "extournez-la."
    )
    en = "Other entries follow no. {number}: taking it away would leave a gap. Validate the entry, then reverse it."


class PeriodNotFound(BooksError):
    code = "PERIOD_NOT_FOUND"
    fr = "Aucune période n'a le code « {period} »."
    en = "No period has the code “{period}”."


class PeriodHasDrafts(BooksError):
    code = "PERIOD_HAS_DRAFTS"
    fr = "La période « {period} » contient encore des brouillards : validez-les ou supprimez-les d'abord."
    en = "The period “{period}” still has drafts in it: validate or delete them first."


class PeriodOutOfOrder(BooksError):
    code = "PERIOD_OUT_OF_ORDER"
    fr = (
        "Les périodes se closent dans l'ordre et se rouvrent dans l'ordre inverse : une autre passe avant « {period} »."
    )
    en = "Periods close in order and reopen in reverse order: another one comes before “{period}”."


class PeriodUnchanged(BooksError):
    code = "PERIOD_UNCHANGED"
    fr = "La période « {period} » est déjà dans cet état."
    en = "The period “{period}” is in that state already."


class FiscalYearNotFound(BooksError):
    code = "FISCAL_YEAR_NOT_FOUND"
    fr = "Aucun exercice n'a le code « {fiscal_year} »."
    en = "No fiscal year has the code “{fiscal_year}”."


class FiscalYearOverlaps(BooksError):
    code = "FISCAL_YEAR_OVERLAPS"
    fr = "L'exercice « {fiscal_year} » en recouvre un autre."
    en = "The fiscal year “{fiscal_year}” overlaps another one."


class FiscalYearClosed(BooksError):
    code = "FISCAL_YEAR_CLOSED"
    fr = "L'exercice de la période « {period} » est clos : rouvrez-le d'abord."
    en = "The fiscal year of the period “{period}” is closed: open it again first."


class FiscalYearHasOpenPeriods(BooksError):
    code = "FISCAL_YEAR_HAS_OPEN_PERIODS"
    fr = "L'exercice « {fiscal_year} » a encore des périodes ouvertes : closez-les d'abord."
    en = "The fiscal year “{fiscal_year}” still has open periods: close them first."


class FiscalYearOutOfOrder(BooksError):
    code = "FISCAL_YEAR_OUT_OF_ORDER"
    fr = "Un exercice qui suit « {fiscal_year} » est clos : rouvrez-le d'abord."
    en = "A fiscal year after “{fiscal_year}” is closed: open that one again first."


class FiscalYearUnchanged(BooksError):
    code = "FISCAL_YEAR_UNCHANGED"
    fr = "L'exercice « {fiscal_year} » est déjà dans cet état."
    en = "The fiscal year “{fiscal_year}” is in that state already."


class AccountNotFound(BooksError):
    code = "ACCOUNT_NOT_FOUND"
    fr = "Le plan comptable n'a pas de compte « {account} » : ajoutez-le, ou donnez son intitulé."
    en = "The chart has no account “{account}”: add it, or give its label."


class AccountTaken(BooksError):
    code = "ACCOUNT_TAKEN"
    fr = "Le plan comptable a déjà un compte « {account} »."
    en = "The chart already has an account “{account}”."


class AccountMapMissing(BooksError):
    code = "ACCOUNT_MAP_MISSING"
    fr = "L'école n'a pas encore choisi de plan comptable."
    en = "The school has not chosen a chart of accounts yet."


class ChartInUse(BooksError):
    code = "CHART_IN_USE"
    fr = "Des pièces sont déjà passées selon le plan « {chart} » : changez les comptes un par un."
    en = "Pieces have already been posted by the chart “{chart}”: change accounts one by one."
