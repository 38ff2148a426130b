"""What the processes are told through the environment: `SKOOLY_…`, typed, and without a single default
secret.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, IPvAnyAddress, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from app.domains.webhooks.settling import SCHEDULE

PREFIX = "SKOOLY_"
PEPPER_BYTES = 32
SECRET_KEY_BYTES = 32
CURSOR_SECRET_LENGTH = 32

ADVICE = {
    "SKOOLY_DATABASE_URL": "postgresql+asyncpg://skooly:PASSWORD@HOST/skooly (the login, no superuser)",
    "SKOOLY_REDIS_URL": "redis://HOST:6379/0, or unix:///path/to.sock?db=0",
    "SKOOLY_KEY_PEPPERS": 'make one with `./skooly secrets`: {"1": "32 random bytes in base64"}',
    "SKOOLY_SECRET_KEYS": 'make one with `./skooly secrets`: {"1": "32 random bytes in base64"}',
    "SKOOLY_CURSOR_SECRET": "make one with `./skooly secrets`: 32 characters or more",
    "SKOOLY_TRUSTED_PROXIES": "networks, separated by commas: 10.0.0.0/8,192.168.1.4/32",
    "SKOOLY_OUTBOUND_PORTS": "ports, separated by commas: 443,8443",
    "SKOOLY_NAME_SERVERS": "addresses, separated by commas: 192.0.2.53,2001:db8::53",
    "SKOOLY_ALLOWED_ORIGINS": "origins, separated by commas: https://console.example.org",
}

REASONS = {"missing": "is missing", "too_short": f"needs {CURSOR_SECRET_LENGTH} characters or more"}
"""By the type of pydantic's error, where its own words are not for an operator."""

Port = Annotated[int, Field(ge=1, le=65535)]
LISTS = ("trusted_proxies", "allowed_origins", "outbound_ports", "name_servers", "webhook_schedule")
"""Given separated by commas."""

Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True)
class Fault:
    """One variable that stops the start. Never holds the value: it may be a secret."""

    variable: str
    reason: str

    def __str__(self) -> str:
        advice = ADVICE.get(self.variable)
        return f"{self.variable}: {self.reason}" + (f"\n    {advice}" if advice else "")


class SettingsRefused(Exception):
    """The environment is incomplete or wrong; `faults` names every variable concerned."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"these variables stop the start:\n{lines}")


class DatabaseSettings(BaseSettings):
    """All that a migration needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(repr=False)

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: str) -> str:
        return _with_scheme(url, "postgresql+asyncpg")


class Settings(DatabaseSettings):
    """Read from `SKOOLY_…` variables only. Use `load_settings`, which names every missing variable."""

    redis_url: str = Field(repr=False)
    key_peppers: dict[int, SecretStr]
    """Version → 32 random bytes or more in base64. New keys use the highest version."""
    secret_keys: dict[int, SecretStr]
    """Version → 32 bytes in base64: what the secrets of webhooks are sealed with. The highest version seals."""
    cursor_secret: SecretStr = Field(min_length=CURSOR_SECRET_LENGTH)

    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: Annotated[Networks, NoDecode] = ()
    """Peers whose `X-Forwarded-For` is believed. Empty: the peer's own address counts."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, besides `public_url`, whose pages may open sockets and talk to the console."""
    outbound_ports: Annotated[tuple[Port, ...], NoDecode] = (443, 8443)
    """Ports that webhooks may be sent to."""
    outbound_development: bool = False
    """Webhooks may go to loopback and private networks, over http and to any port from 1024: for development only."""
    name_servers: Annotated[tuple[IPvAnyAddress, ...], NoDecode] = ()
    """Who is asked for the addresses of webhooks' hosts. Empty: the name servers of the system."""
    name_server_port: int = Field(default=53, ge=1, le=65535)
    webhook_schedule: Annotated[tuple[int, ...], NoDecode] = SCHEDULE
    """Seconds before each further attempt of a webhook. Another one than the contract's is for tests and drills."""
    webhook_days_kept: int = Field(default=365, ge=100, le=3_650)
    """Days for which deliveries and their attempts are kept, at least: whole months are dropped."""
    drain_seconds: float = Field(default=15.0, ge=0, le=20)
    """What a worker that is told to stop gives requests under way."""
    worker_metrics: str = Field(default="", pattern=r"^$|^.*:\d{1,5}$")
    """HOST:PORT where a worker serves its metrics. Empty: nowhere."""
    pool_size: int = Field(default=10, ge=2, le=200)
    """Connections to PostgreSQL per process."""
    budget_points: int = Field(default=6_000, gt=1_000, le=1_000_000_000)
    """What a key may spend in a minute, in cost points; more than the dearest operation costs."""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _split_on_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, url: str) -> str:
        return _with_scheme(url, "redis", "rediss", "unix")

    @field_validator("key_peppers")
    @classmethod
    def _check_peppers(cls, peppers: dict[int, SecretStr]) -> dict[int, SecretStr]:
        if not peppers:
            raise ValueError("needs at least one version")
        for version, pepper in peppers.items():
            if version < 1 or len(_decode(pepper)) < PEPPER_BYTES:
                raise ValueError(f"version {version} needs a number from 1 and {PEPPER_BYTES} bytes or more in base64")
        return peppers

    @field_validator("secret_keys")
    @classmethod
    def _check_secret_keys(cls, keys: dict[int, SecretStr]) -> dict[int, SecretStr]:
        if not keys:
            raise ValueError("needs at least one version")
        for version, key in keys.items():
            if version < 1 or len(_decode(key)) != SECRET_KEY_BYTES:
                raise ValueError(f"version {version} needs a number from 1 and {SECRET_KEY_BYTES} bytes in base64")
        return keys

    @property
    def sealing_keys(self) -> dict[int, bytes]:
        """The decoded secret keys by version."""
        return {version: _decode(key) for version, key in self.secret_keys.items()}

    @property
    def peppers(self) -> dict[int, bytes]:
        """The decoded peppers by version."""
        return {version: _decode(pepper) for version, pepper in self.key_peppers.items()}

    def as_environment(self) -> dict[str, str]:
        """What a child needs to load the same settings, secrets included: for its environment only."""
        return {
            "SKOOLY_DATABASE_URL": self.database_url,
            "SKOOLY_REDIS_URL": self.redis_url,
            "SKOOLY_KEY_PEPPERS": _as_json(self.key_peppers),
            "SKOOLY_SECRET_KEYS": _as_json(self.secret_keys),
            "SKOOLY_CURSOR_SECRET": self.cursor_secret.get_secret_value(),
            "SKOOLY_PUBLIC_URL": self.public_url,
        }


def _with_scheme(url: str, *schemes: str) -> str:
    if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return url


def _as_json(versions: Mapping[int, SecretStr]) -> str:
    return json.dumps({str(version): secret.get_secret_value() for version, secret in versions.items()})


def _decode(secret: SecretStr) -> bytes:
    try:
        return base64.b64decode(secret.get_secret_value(), validate=True)
    except binascii.Error:
        return b""


Loaded = TypeVar("Loaded", bound=DatabaseSettings)


def load_settings(**given: Any) -> Settings:
    """The settings of this process: `given` first, then the environment.

    Raises SettingsRefused with every variable that is missing or wrong.
    """
    return _load(Settings, given)


def load_database_url() -> str:
    """For commands that need no secret. Raises SettingsRefused."""
    return _load(DatabaseSettings, {}).database_url


def _load(kind: type[Loaded], given: Mapping[str, Any]) -> Loaded:
    try:
        return kind(**given)
    except ValidationError as error:
        raise SettingsRefused([_fault(detail) for detail in error.errors(include_input=False)]) from None
    except SettingsError as error:
        raise SettingsRefused([Fault(_variable_in(str(error)), "is not valid JSON")]) from None


def _fault(detail: Mapping[str, Any]) -> Fault:
    variable = PREFIX + str(detail["loc"][0]).upper()
    reason = REASONS.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))
    return Fault(variable, reason)


def _variable_in(message: str) -> str:
    """pydantic-settings names the field it could not decode only in its message, between quotes."""
    return PREFIX + message.split('"')[1].upper()
