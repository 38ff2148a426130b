"""What is asked of /v1 when all is well: the ground on which one thing at a time is spoilt."""

from collections.abc import Mapping

JSON = {"Content-Type": "application/json"}
ABSENCES = "/v1/absences"
PASSAGES = "/v1/access-control/passages"
CHECK = "/v1/access-control/check"
ABSENCE = {"matricule": "2024/INF/0123", "startsAt": "2026-01-13T08:00:00Z", "endsAt": "2026-01-13T12:00:00Z"}
PASSAGE = {
    "zone": "RESTAURANT",
    "badge": "10011",
    "deviceId": "porte-1",
    "deviceEventId": "1",
    "occurredAt": "2020-01-13T08:00:00Z",
}
"""Too old to be recorded: what is well formed about it ends in PASSAGE_TOO_OLD."""
READS: Mapping[str, str] = {
    "cantine": "/v1/students/badge/10011",
    "tourniquet": f"{CHECK}?nfc=10011&zone=BIBLIOTHEQUE",
    "bibliotheque": "/v1/students/2024%2FINF%2F0123",
    "comptabilite": "/v1/finance/journals?date=2024-12-31",
    "scolarite": "/v1/financial/status/2024%2FINF%2F0123",
}
"""By preset."""
UNDECODABLE: Mapping[str, str] = {
    "a lone percent": "%",
    "one digit": "%4",
    "no digits": "%zz",
    "a unicode escape": "%u0041",
    "latin-1": "%e9",
    "an overlong slash": "%c0%af",
    "an overlong NUL": "%e0%80%80",
    "a surrogate": "%ed%a0%80",
    "beyond unicode": "%f5%80%80%80",
    "half a character": "%c3",
}
CONTROLS: Mapping[str, str] = {
    "NUL": "%00",
    "a line end": "%0a",
    "a tab": "%09",
    "escape": "%1b",
    "delete": "%7f",
    "C1": "%c2%85",
}
