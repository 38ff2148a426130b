"""How the servers of a socket directory are reached; whoever knows the directory knows the URLs."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SUPERUSER = "postgres"
LOGIN = "skooly"


@dataclass(frozen=True)
class Addresses:
    sockets: Path

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """A libpq DSN for the bootstrap of roles and databases alone: it passes every wall."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets))}"

    def database_url(self, database: str) -> str:
        """What the application uses: the login role, behind the walls."""
        return f"postgresql+asyncpg://{LOGIN}@/{database}?host={quote(str(self.sockets))}"

    def redis_url(self, database: int = 0) -> str:
        return f"unix://{quote(str(self.valkey_socket))}?db={database}"
