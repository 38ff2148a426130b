import shutil
import subprocess
from pathlib import Path

import pytest

from tests.web.sockets.conftest import core, school, server  # noqa: F401  (fixtures)

HERE = Path(__file__).parent
INSTALL = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the clients installed as the lock says."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        pytest.skip("no Node on this machine: the clients graphql-ws and graphql-sse are not tried")
    version = int(
        subprocess.run([found, "-p", "process.versions.node"], capture_output=True, text=True).stdout.split(".")[0]
    )
    if version < 20:
        pytest.skip(f"graphql-ws needs Node 20; this is {version}")
    if not (HERE / "node_modules" / "graphql-ws").exists():
        done = subprocess.run(INSTALL, cwd=HERE, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install the clients here: {done.stderr.strip()[-200:]}")
    return found
