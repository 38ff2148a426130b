"""Files of invoices, of payments and of journal entries."""

from app.domains.finance.imports.invoices import Invoices
from app.domains.finance.imports.journals import Journals
from app.domains.finance.imports.payments import Payments

__all__ = ["Invoices", "Journals", "Payments"]
