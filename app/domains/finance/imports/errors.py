"""What a file of invoices, payments or journals can get wrong as a whole."""

from typing import Any

from app.core.money import to_decimal_string
from app.domains.students.imports.errors import RowRefused


class InvoiceLinesDisagree(RowRefused):
    code = "INVOICE_LINES_DISAGREE"
    fr = (
        "La facture « {number} » commence ligne {first_line} avec un autre matricule, type, libellé, devise ou date : "
        "les lignes d'une facture ne diffèrent que par l'échéance et le montant."
    )
    en = (
        "The invoice “{number}” begins on line {first_line} with another student, kind, label, currency or date: "
        "the lines of an invoice differ only in due date and amount."
    )


class InvoiceDiffers(RowRefused):
    code = "INVOICE_DIFFERS"
    fr = (
        "La facture « {number} » est déjà émise avec un autre étudiant, type, date, devise ou d'autres montants. "
        "Annulez-la et émettez-en une autre sous un nouveau numéro."
    )
    en = (
        "The invoice “{number}” is already issued with another student, kind, date, currency or other amounts. "
        "Cancel it and issue another one under a new number."
    )


class SumTooLarge(RowRefused):
    code = "SUM_TOO_LARGE"
    fr = "Le total de « {number} » est trop grand."
    en = "The total of “{number}” is too large."


class UnknownInvoice(RowRefused):
    code = "INVOICE_UNKNOWN"
    fr = "Aucune facture n'a le numéro « {invoice} ». Importez d'abord les factures, ou videz la cellule."
    en = "No invoice has the number “{invoice}”. Import the invoices first, or empty the cell."


class InvoiceOfAnother(RowRefused):
    code = "INVOICE_OF_ANOTHER"
    fr = "La facture « {invoice} » est celle du matricule « {owner} », pas de « {matricule} »."
    en = "The invoice “{invoice}” is that of student “{owner}”, not of “{matricule}”."


class InvoiceInOtherCurrency(RowRefused):
    code = "INVOICE_IN_OTHER_CURRENCY"
    fr = "La facture « {invoice} » est en {expected}, le paiement en {currency}."
    en = "The invoice “{invoice}” is in {expected}, the payment in {currency}."


class InvoiceIsCancelled(RowRefused):
    code = "INVOICE_IS_CANCELLED"
    fr = "La facture « {invoice} » est annulée : videz la cellule pour régler la plus ancienne échéance."
    en = "The invoice “{invoice}” is cancelled: empty the cell to settle the oldest instalment."


class PaymentLinesDisagree(RowRefused):
    code = "PAYMENT_LINES_DISAGREE"
    fr = (
        "Le paiement « {reference} » commence ligne {first_line} avec un autre matricule, une autre devise ou "
        "une autre date : une référence est un seul paiement d'un seul étudiant."
    )
    en = (
        "The payment “{reference}” begins on line {first_line} with another student, currency or date: "
        "a reference is one payment of one student."
    )


class PaymentTwice(RowRefused):
    code = "PAYMENT_TWICE"
    fr = (
        "Le paiement « {reference} » est déjà ligne {first_line} avec un autre montant. "
        "Un paiement réparti sur plusieurs factures nomme une facture différente à chaque ligne."
    )
    en = (
        "The payment “{reference}” is already on line {first_line} with another amount. "
        "A payment split over several invoices names a different invoice on each line."
    )


class PaymentDiffers(RowRefused):
    code = "PAYMENT_DIFFERS"
    fr = "Le paiement « {reference} » est déjà enregistré avec un autre étudiant, un autre montant ou une autre devise."
    en = "The payment “{reference}” is already recorded with another student, amount or currency."


class EntryLinesDisagree(RowRefused):
    code = "ENTRY_LINES_DISAGREE"
    fr = (
        "L'écriture {number} du journal {journal} commence ligne {first_line} à une autre date, dans une autre devise "
        "ou avec une autre date de validation."
    )
    en = (
        "The entry {number} of the journal {journal} begins on line {first_line} on another date, in another currency "
        "or with another validation date."
    )


class EntryUnbalanced(RowRefused):
    """`debit` and `credit` are minor units of `currency`."""

    code = "ENTRY_UNBALANCED"
    fr = (
        "L'écriture {number} du journal {journal} (pièce {piece}) n'est pas équilibrée : "
        "débit {debit}, crédit {credit}, écart {gap} {currency}."
    )
    en = (
        "The entry {number} of the journal {journal} (piece {piece}) does not balance: "
        "debit {debit}, credit {credit}, off by {gap} {currency}."
    )

    def __init__(self, *, debit: int, credit: int, currency: str, **facts: Any) -> None:
        amounts = {"debit": debit, "credit": credit, "gap": abs(debit - credit)}
        shown = {name: to_decimal_string(int(amount), currency) for name, amount in amounts.items()}
        super().__init__(currency=currency, **shown, **facts)


class EntryTooShort(RowRefused):
    code = "ENTRY_TOO_SHORT"
    fr = "L'écriture {number} du journal {journal} n'a qu'une ligne : il en faut au moins deux."
    en = "The entry {number} of the journal {journal} has a single line: it takes at least two."


class EntryValidated(RowRefused):
    code = "ENTRY_VALIDATED"
    fr = (
        "L'écriture {number} du journal {journal} est validée et ce fichier la contredit. "
        "Une écriture validée ne change plus : passez une extourne, puis une nouvelle écriture."
    )
    en = (
        "The entry {number} of the journal {journal} is validated and this file contradicts it. "
        "A validated entry does not change: post a reversal, then a new entry."
    )
