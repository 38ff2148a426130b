"""The access check: a badge at a zone, another one each time; one in five is denied."""

from bench.dataset import ZONE
from bench.harness import Contender
from bench.load import MakeRequest, get
from bench.running import run
from bench.stage import Stage

DECIDED = frozenset({200, 403})
STEP = 7919
"""Goes through the badges in an order that no cache foresees."""


def contenders(scene: Stage) -> list[Contender]:
    return [
        Contender("bare ASGI floor", "bench.floor", _request(scene, "/")),
        Contender("by hand: Starlette + asyncpg", "bench.handwritten", _request(scene, "/check"), DECIDED),
        Contender("by hand, with the audit row", "bench.handwritten", _request(scene, "/audited-check"), DECIDED),
        Contender("skooly GET /v1", "bench.product", _request(scene, "/v1/access-control/check"), DECIDED),
    ]


def _request(scene: Stage, path: str) -> MakeRequest:
    key = scene.keys["tourniquet"]
    return lambda number: get(f"{path}?nfc={scene.dataset.badge(number * STEP)}&zone={ZONE}", key)


if __name__ == "__main__":
    run("access check", contenders)
