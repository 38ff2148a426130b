"""The files that follow from the schema and the operation documents, and are committed: written, or compared."""

from pathlib import Path

import compat_rest
from app.api.executor import Executor
from app.api.operations import Preparer
from app.api.schema import ApiSchema
from app.core.clock import SystemClock
from app.core.database import Database
from app.domains.partners.audit import record_audit
from app.domains.partners.keyring import Keyring
from app.web.asyncapi import document
from app.web.rest import RestGateway
from app.web.sse import described
from compat_rest import openapi

ROOT = Path(__file__).parents[2]
DOCUMENTS = Path(compat_rest.__file__).parent
SCHEMA = ROOT / "schema.graphql"
SCOPES = ROOT / "app" / "api" / "scopes.snapshot"
OPENAPI = DOCUMENTS / "openapi.json"
ASYNCAPI = ROOT / "app" / "web" / "asyncapi" / "asyncapi.json"
NOWHERE = "postgresql+asyncpg:///nowhere"


def schema_files(schema: ApiSchema) -> dict[Path, bytes]:
    """The schema's text and who may read what."""
    return {SCHEMA: schema.sdl().encode(), SCOPES: schema.scopes().encode()}


def openapi_files(schema: ApiSchema) -> dict[Path, bytes]:
    """The contract of `/v1`. Raises BrokenDocuments."""
    text = openapi.export(
        unconnected_gateway(schema), DOCUMENTS / "operations", DOCUMENTS / "fragments", beside=described.paths()
    )
    return {OPENAPI: text}


def asyncapi_files() -> dict[Path, bytes]:
    """The contract of webhooks."""
    return {ASYNCAPI: document()}


def unconnected_gateway(schema: ApiSchema) -> RestGateway:
    """A gateway that can prepare and describe, but has no server behind it to execute anything."""
    database, clock, preparer = Database(NOWHERE), SystemClock(), Preparer(schema)
    executor = Executor(schema, database, clock, record_audit)
    return RestGateway(schema, preparer, executor, Keyring(database, {}, clock))


def write(files: dict[Path, bytes]) -> None:
    for path, text in files.items():
        path.write_bytes(text)


def stale(files: dict[Path, bytes]) -> list[Path]:
    """Those whose committed text is not what it should be, missing ones included."""
    return [path for path, text in files.items() if not path.exists() or path.read_bytes() != text]
