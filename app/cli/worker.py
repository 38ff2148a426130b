"""`skooly worker`: the jobs in this process."""

import gc

import uvloop

from app.core.log import configure_logging
from app.settings import load_settings


def worker() -> None:
    """Run the jobs. Needs SKOOLY_DATABASE_URL, SKOOLY_REDIS_URL and the secrets."""
    settings = load_settings()
    from app.cli.preflight import preflight  # heavy: other commands start without these
    from workers.running import run_worker

    preflight(settings.database_url)
    configure_logging(level=settings.log_level, style=settings.log_format)
    gc.collect()
    gc.freeze()  # what lives as long as the process is not scanned again
    uvloop.run(run_worker(settings))
