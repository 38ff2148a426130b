"""Programs that the guides give, as their readers make them of the blocks."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.platform import CHECKOUT

DOCS = CHECKOUT / "docs"


def blocks(guide: str, language: str) -> list[str]:
    """All blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / guide).read_text(encoding="utf-8"), re.DOTALL)


@contextmanager
def receiver_of_the_guide(folder: Path, secret: str) -> Iterator[str]:
    """The program of webhooks.md in a process of its own, on a free port: its URL. It keeps `inbox.db` in `folder`."""
    program = folder / "recepteur.py"
    program.write_text("\n".join(blocks("webhooks.md", "python")), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(program)],
        cwd=folder,
        env={**os.environ, "SKOOLY_WEBHOOK_SECRET": secret, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url, "the receiver has ended"
        yield url
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
