"""Commands as an operator types them, against a running platform."""

import json
import subprocess
import sys
from typing import Any

from tests.e2e.conftest import School
from tests.support.platform import CHECKOUT, clean_environment


def skooly(school: School, *words: str) -> Any:
    """What a command prints with `--json`; fails the test unless it ends well."""
    command = [sys.executable, "-m", "app.cli", *words, "--data", school.platform.answer["data"], "--json"]
    done = subprocess.run(command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
