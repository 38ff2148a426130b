"""What can go wrong with what students owe, their wallets and the books.

FinanceError
├── InvoiceError    InvoiceNotFound · InvoiceNumberTaken
├── PaymentConflict · WalletConflict · CurrencyMismatch · InsufficientBalance
└── BooksError      JournalNotFound · NoFiscalPeriod · PeriodClosed · FiscalYearTaken
                    EntryNotFound · EntryImmutable · UnbalancedEntry · LineNotOneSided
"""

from app.core.errors import SkoolyError


class FinanceError(SkoolyError):
    """Groups the failures of this slice."""


class InvoiceError(FinanceError):
    """Groups the failures of invoices."""


class InvoiceNotFound(InvoiceError):
    code = "INVOICE_NOT_FOUND"
    fr = "L'étudiant n'a aucune facture « {number} »."
    en = "The student has no invoice “{number}”."


class InvoiceNumberTaken(InvoiceError):
    code = "INVOICE_NUMBER_TAKEN"
    fr = "La facture « {number} » existe déjà."
    en = "The invoice “{number}” already exists."


class PaymentConflict(FinanceError):
    code = "PAYMENT_CONFLICT"
    fr = "La référence « {reference} » est déjà celle d'un autre paiement : étudiant, montant ou devise diffèrent."
    en = "The reference “{reference}” is already another payment's: student, amount or currency differ."


class WalletConflict(FinanceError):
    code = "WALLET_CONFLICT"
    fr = "La référence « {reference} » est déjà celle d'un autre mouvement : étudiant ou montant diffèrent."
    en = "The reference “{reference}” is already another movement's: student or amount differ."


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
