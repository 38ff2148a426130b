"""Every scope there is. A key holds some of them; every field of the schema names those that open it."""

from enum import StrEnum


class Scope(StrEnum):
    STUDENTS_READ = "students:read"
    STUDENTS_LIST = "students:list"
    BADGES_READ = "badges:read"
    ACCESS_CHECK = "access:check"
    ACCESS_RECORD = "access:record"
    PASSAGES_READ = "passages:read"
    ZONES_READ = "zones:read"
    ZONES_WRITE = "zones:write"
    ABSENCES_WRITE = "absences:write"
    ABSENCES_READ = "absences:read"
    ABSENCES_JUSTIFY = "absences:justify"
    FINANCE_STATUS_READ = "finance.status:read"
    FINANCE_JOURNALS_READ = "finance.journals:read"
    PAYMENTS_WRITE = "payments:write"
    WALLETS_WRITE = "wallets:write"
