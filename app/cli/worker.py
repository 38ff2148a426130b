"""`skooly worker`: the jobs in this process."""

import uvloop

from app.core.descriptors import raise_descriptor_limit
from app.core.log import configure_logging
from app.settings import load_settings


def worker() -> None:
    """Run the jobs. Needs SKOOLY_DATABASE_URL, SKOOLY_REDIS_URL and the secrets."""
    settings = load_settings()
    from app.cli.preflight import preflight  # heavy: other commands start without these
    from workers.collecting import collect_seldom
    from workers.running import run_worker

    preflight(settings.database_url)
    configure_logging(level=settings.log_level, style=settings.log_format)
    raise_descriptor_limit()
    collect_seldom()
    uvloop.run(run_worker(settings))
