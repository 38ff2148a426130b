"""A server in a process of its own: `python -m bench.server MODULE DESCRIPTOR CPU`; CPU is a number or `any`.

Every contender is served alike, and as `skooly serve` does it.
"""

import gc
import importlib
import os
import socket
import sys

import uvicorn


def main(module: str, descriptor: str, cpu: str) -> None:
    if cpu != "any":
        os.sched_setaffinity(0, {int(cpu)})
    application = importlib.import_module(module).make()
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
