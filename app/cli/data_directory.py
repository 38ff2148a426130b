"""The files of one embedded instance beside its servers' own: secrets, the running instance's URLs, logs."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from app.embedded.places import is_held, make_data_directory
from app.settings import PEPPER_BYTES, PREFIX, SECRET_KEY_BYTES, Settings, load_settings

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT = CHECKOUT / ".skooly"
DATABASE = "skooly"


@dataclass(frozen=True)
class Runtime:
    """What `up` says about itself while it runs."""

    process: int
    database_url: str
    redis_url: str
    public_url: str


class DataDirectory:
    def __init__(self, root: Path | None = None) -> None:
        """`root`, else SKOOLY_DATA, else `.skooly` in the checkout."""
        self.root = (root or Path(os.environ.get("SKOOLY_DATA") or DEFAULT)).absolute()

    @property
    def exists(self) -> bool:
        """Whether an instance was made here."""
        return (self.root / "postgres").exists()

    @property
    def in_use(self) -> bool:
        """Whether servers of this directory run at present."""
        return is_held(self.root)

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    def settings(self, database_url: str, redis_url: str, **given: object) -> Settings:
        """The settings of an embedded instance: secrets of the environment win over those made here."""
        made = {name: value for name, value in self._secrets().items() if PREFIX + name.upper() not in os.environ}
        return load_settings(**{**made, "database_url": database_url, "redis_url": redis_url, **given})

    def read_runtime(self) -> Runtime | None:
        """The running instance; None where none runs or it is not ready yet."""
        if not self.in_use:
            return None
        try:
            return Runtime(**json.loads((self.root / "runtime.json").read_text()))
        except FileNotFoundError:
            return None

    def write_runtime(self, runtime: Runtime) -> None:
        self.write_private("runtime.json", asdict(runtime))

    def forget_runtime(self) -> None:
        (self.root / "runtime.json").unlink(missing_ok=True)

    def read_private(self, name: str) -> dict[str, object] | None:
        path = self.root / name
        return dict(json.loads(path.read_text())) if path.exists() else None

    def write_private(self, name: str, content: object) -> None:
        """Whole or not at all, and readable by this user alone."""
        make_data_directory(self.root)
        draft = self.root / f"{name}.{os.getpid()}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.root / name)

    def _secrets(self) -> dict[str, object]:
        """Made once: with other peppers every key of this instance would stop working.

        A directory made before a kind of secret existed is given the one it lacks.
        """
        kept = self.read_private("secrets.json") or {}
        made = make_secrets()
        if made.keys() > kept.keys():
            kept = {**made, **kept}
            self.write_private("secrets.json", kept)
        return kept


def make_secrets() -> dict[str, object]:
    """Fresh secrets, by the name of their setting."""
    return {
        "key_peppers": {"1": _random(PEPPER_BYTES)},
        "secret_keys": {"1": _random(SECRET_KEY_BYTES)},
        "cursor_secret": secrets.token_urlsafe(32),
    }


def _random(length: int) -> str:
    return base64.b64encode(secrets.token_bytes(length)).decode()
