"""`skooly secrets`: fresh secrets for a production instance."""

import json
import shlex

from app.cli.data_directory import make_secrets
from app.settings import PREFIX


def secrets() -> None:
    """Print fresh secrets as lines of an environment file. Keep them: they are stored nowhere."""
    for name, value in make_secrets().items():
        text = value if isinstance(value, str) else json.dumps(value)
        print(f"{PREFIX}{name.upper()}={shlex.quote(text)}")
