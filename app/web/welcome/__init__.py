"""What a browser sees that comes to the address itself: where to go from here."""

from collections.abc import Mapping
from pathlib import Path

from app.web.exchange import App
from app.web.lane import nothing_here
from app.web.pages import WithPage, asset, page

ASSETS = Path(__file__).parent / "assets"


def welcome() -> Mapping[str, App]:
    """By whole path. Whoever is no browser is told that nothing is there."""
    return {
        "/": WithPage(nothing_here, page("/", ASSETS / "index.html")),
        "/welcome.css": asset("/welcome.css", ASSETS / "welcome.css"),
    }
