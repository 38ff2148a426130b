"""The generated REST facade: one operation document under `operations/` is one endpoint of `/v1`.

The package imports nothing of the application. Whoever mounts it hands in a `Gateway`.
"""
