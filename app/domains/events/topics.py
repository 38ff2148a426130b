"""What can happen in a school, named in the past tense: the types of the log's events."""

from enum import StrEnum


class Topic(StrEnum):
    STUDENT_CREATED = "student.created"
    STUDENT_UPDATED = "student.updated"
    STUDENT_GRADUATED = "student.graduated"
    BADGE_ASSIGNED = "badge.assigned"
    BADGE_REVOKED = "badge.revoked"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_UPDATED = "invoice.updated"
    INVOICE_PAID = "invoice.paid"
    PAYMENT_RECORDED = "payment.recorded"
    JOURNAL_ENTRY_VALIDATED = "journal_entry.validated"
    WALLET_TOPPED_UP = "wallet.topped_up"
    WALLET_LOW = "wallet.low"
    ABSENCE_RECORDED = "absence.recorded"
    ACCESS_DENIED = "access.denied"
    ENDPOINT_DISABLED = "endpoint.disabled"
