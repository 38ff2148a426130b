"""A server of sockets in a process of its own, as `skooly serve` has it: `python -m bench.socket_server MODULE FD`."""

import importlib
import socket
import sys

from app.cli.serve import Server, configured, tune_collector


def main(module: str, descriptor: str) -> None:
    application = importlib.import_module(module).make()
    tune_collector()
    Server(configured(application)).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
