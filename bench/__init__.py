"""Benchmarks: `python -m bench.access_check`, `bench.rest_read`, `bench.graphql_list`; `--help` tells the options.

Each one runs the real application beside a bare ASGI floor and a handler written by hand, interleaved in one run, and
prints ratios. Requests a second depend on the machine; the CPU time of the server's process for each request, and the
ratios, are what to compare.
"""
