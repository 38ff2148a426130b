"""The launcher, run for real on a small checkout: an empty lock and a command that repeats its arguments."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "skooly"
ECHO = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd()]))\n"
MADE, INSTALLED = "Making", "Installing"


def _start(
    checkout: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(checkout / "skooly"), *arguments],
        cwd=cwd or checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def _start_after(preamble: str, checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start in an interpreter that `preamble` has changed."""
    code = f"import runpy, sys; {preamble}; sys.argv = ['skooly', 'up']; runpy.run_path('skooly', run_name='__main__')"
    environment = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True)


def _make_checkout(root: Path) -> Path:
    (root / "app" / "cli").mkdir(parents=True)
    (root / "app" / "__init__.py").touch()
    (root / "app" / "cli" / "__init__.py").touch()
    (root / "app" / "cli" / "__main__.py").write_text(ECHO)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (root / lock).write_text("# nothing\n")
    shutil.copy(LAUNCHER, root)
    return root


@pytest.fixture(scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = _make_checkout(tmp_path_factory.mktemp("installed"))
    first = _start(checkout, "setup")
    assert first.returncode == 0, first.stderr
    assert MADE in first.stderr
    return checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return _make_checkout(tmp_path / "new")


@pytest.fixture
def installed(_installed: Path, tmp_path: Path) -> Path:
    """A copy of an installed checkout; a venv may be moved."""
    return shutil.copytree(_installed, tmp_path / "installed", symlinks=True)


def test_a_second_start_installs_nothing_and_passes_everything_on(installed: Path, tmp_path: Path) -> None:
    answer = _start(installed, "import", "--dry-run", "élèves.csv", cwd=tmp_path)
    assert json.loads(answer.stdout) == [["import", "--dry-run", "élèves.csv"], str(tmp_path)]
    assert answer.stderr == ""


def test_a_folder_of_the_same_name_does_not_hide_ours(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('the wrong app')\n")
    assert _start(installed, "up", cwd=tmp_path).returncode == 0


def test_tests_need_the_development_lock(installed: Path) -> None:
    answer = _start(installed, "test")
    assert INSTALLED in answer.stderr
    assert MADE not in answer.stderr
    assert json.loads(answer.stdout)[0] == ["test"]
    assert _start(installed, "up").stderr == ""


def test_another_lock_is_installed_over(installed: Path) -> None:
    (installed / "requirements.lock").write_text("# still nothing\n")
    answer = _start(installed, "up")
    assert INSTALLED in answer.stderr
    assert MADE not in answer.stderr


def test_a_venv_without_stamp_is_made_anew(installed: Path) -> None:
    (installed / ".venv" / "skooly-stamp.json").unlink()
    (installed / ".venv" / "half").touch()
    assert MADE in _start(installed, "up").stderr
    assert not (installed / ".venv" / "half").exists()


def test_a_venv_whose_python_is_gone_is_made_anew(installed: Path) -> None:
    for link in (installed / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python")
    answer = _start(installed, "up")
    assert MADE in answer.stderr
    assert answer.returncode == 0


def test_a_failed_installation_says_what_to_do_and_is_not_trusted(installed: Path) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    (installed / "requirements.lock").write_text(f"no-such-package==1.0 --hash=sha256:{digest}\n")
    answer = _start(installed, "up", PIP_NO_INDEX="1")
    assert answer.returncode == os.EX_UNAVAILABLE
    assert "no-such-package" in answer.stderr
    assert "run ./skooly again" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (installed / ".venv" / "skooly-stamp.json").exists()


def test_two_at_once_install_once(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "skooly"), "setup"]
    starts = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [start.communicate()[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert sum(MADE in text for text in said) == 1


def test_a_python_without_ensurepip_is_told_apart(checkout: Path) -> None:
    answer = _start_after("sys.modules['ensurepip'] = None", checkout)
    assert answer.returncode == os.EX_UNAVAILABLE
    assert "no module ensurepip" in answer.stderr
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in answer.stderr


def test_an_old_python_is_told_so(checkout: Path) -> None:
    answer = _start_after("sys.version_info = (3, 9, 0)", checkout, PATH="/nowhere")
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer, and this is 3.9" in answer.stderr


def test_an_old_python_hands_over_to_a_newer_one(checkout: Path, tmp_path: Path) -> None:
    newer = tmp_path / "bin" / "python3.12"
    newer.parent.mkdir()
    newer.write_text("#!/bin/sh\necho newer $*\n")
    newer.chmod(0o755)
    answer = _start_after("sys.version_info = (3, 9, 0)", checkout, PATH=str(newer.parent))
    assert answer.stdout == "newer skooly up\n"


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """The launcher's stamp relies on it."""
    runtime, development = (
        {line.split(" ")[0] for line in (LAUNCHER.parent / name).read_text().splitlines() if "==" in line}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime <= development


def test_the_locks_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (LAUNCHER.parent / name).read_text()
