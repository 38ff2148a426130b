"""A process that holds embedded servers, for the tests that kill it: `python -m tests.embedded.holder DIR
[ISOLATION]`.

Prints one JSON line when the servers answer, then waits until its standard input closes.
"""

import json
import sys
from pathlib import Path

from app.embedded import Embedded
from app.embedded.child import Isolation


def main() -> None:
    root, *isolation = sys.argv[1:]
    with Embedded(Path(root), isolation=Isolation(isolation[0]) if isolation else None) as embedded:
        answer = {
            "dsn": embedded.superuser_dsn(),
            "redis": embedded.redis_url(),
            "sockets": str(embedded.addresses.sockets),
            "processes": embedded.processes,
        }
        print(json.dumps(answer), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
