"""What `up` says once everything answers."""

from pathlib import Path

import pytest

from app.cli.announcement import Announcement
from app.domains.partners.presets import PLATFORM, PRESETS

PRESET_NAMES = [*PRESETS, PLATFORM.name]
URL = "http://127.0.0.1:8000"


def said(capsys: pytest.CaptureFixture[str], **keys: str) -> str:
    Announcement(URL, Path("/var/lib/skooly"), 1, keys).print_text()
    return capsys.readouterr().out


def test_every_demo_key_is_explained_and_ready_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, **{name: f"sk_live_{name}" for name in PRESET_NAMES})
    flat = " ".join(text.split())
    for preset in (*PRESETS.values(), PLATFORM):
        assert f"{preset.name.upper()} {preset.en}" in flat
        assert f"\nexport {preset.name.upper()}=sk_live_{preset.name}\n" in text


def test_a_key_of_a_preset_that_is_no_more_is_shown_without_words(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, **{name: f"sk_live_{name}" for name in (*PRESET_NAMES, "yesterday")})
    assert "\nexport YESTERDAY=sk_live_yesterday\n" in text


def test_without_a_demo_school_it_says_how_to_open_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys)
    assert "./skooly schools create" in text
    assert "--data /var/lib/skooly" in text
    assert "export" not in text
