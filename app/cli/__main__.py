"""`python -m app.cli`, which is what `./skooly` runs."""

import gc

# Modules are read for good: looking for garbage among them took almost half of every start (1.5 s of CPU, now 0.8).
gc.disable()

from app.cli.main import main  # noqa: E402

gc.freeze()
gc.enable()
main()
