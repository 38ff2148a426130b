"""A GraphQL list: the largest page of students with eight fields each."""

import json

from bench.harness import Contender
from bench.load import MakeRequest, post
from bench.running import run
from bench.stage import Stage

PAGE = 100
QUERY = """query Students($first: Int!) { students(first: $first) { nodes {
    matricule firstName lastName enrolled status programme { code label } class { code label } updatedAt } } }"""


def contenders(scene: Stage) -> list[Contender]:
    return [
        Contender("bare ASGI floor", "bench.floor", _request(scene, "/")),
        Contender("by hand: Starlette + asyncpg", "bench.handwritten", _request(scene, "/list")),
        Contender("skooly POST /graphql", "bench.product", _request(scene, "/graphql")),
    ]


def _request(scene: Stage, path: str) -> MakeRequest:
    body = json.dumps({"query": QUERY, "variables": {"first": PAGE}}).encode()
    request = post(path, scene.keys["core"], body)
    return lambda _: request


if __name__ == "__main__":
    run(f"GraphQL list of {PAGE} students", contenders)
