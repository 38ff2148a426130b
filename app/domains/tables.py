"""Every table of every slice: what migrations and the start-up checks look at."""

from sqlmodel import SQLModel

import app.domains.absences.tables
import app.domains.access.tables
import app.domains.audit.tables
import app.domains.events.tables
import app.domains.finance.account_tables
import app.domains.finance.credit_tables
import app.domains.finance.fee_tables
import app.domains.finance.journal_tables
import app.domains.finance.tables
import app.domains.partners.tables
import app.domains.students.tables
import app.domains.webhooks.tables  # noqa: F401

METADATA = SQLModel.metadata

# Tables that belong to no school, and why they need no wall.
SHARED = {
    "alembic_version": "which migrations ran",
    "key_generation": "a counter without data of any school",
    "platform_key": "keys that belong to no school and open none",
}
