"""The `skooly` commands: thin, each in a file of its own, registered in `main`."""
