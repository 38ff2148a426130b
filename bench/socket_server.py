"""A server of sockets in a process of its own, as `skooly serve` has it: `python -m bench.socket_server MODULE FD`."""

import gc
import importlib
import socket
import sys

from app.cli.serve import Server, configured


def main(module: str, descriptor: str) -> None:
    application = importlib.import_module(module).make()
    gc.collect()
    gc.freeze()
    Server(configured(application)).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
