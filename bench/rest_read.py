"""A REST read: a student by matricule, another one each time."""

from bench.access_check import STEP
from bench.harness import Contender
from bench.load import MakeRequest, get
from bench.running import run
from bench.stage import Stage


def contenders(scene: Stage) -> list[Contender]:
    return [
        Contender("bare ASGI floor", "bench.floor", _request(scene, "/")),
        Contender("by hand: Starlette + asyncpg", "bench.handwritten", _request(scene, "/students/")),
        Contender("skooly GET /v1", "bench.product", _request(scene, "/v1/students/")),
    ]


def _request(scene: Stage, path: str) -> MakeRequest:
    key = scene.keys["bibliotheque"]
    return lambda number: get(path + scene.dataset.matricule(number * STEP).replace("/", "%2F"), key)


if __name__ == "__main__":
    run("student by matricule", contenders)
