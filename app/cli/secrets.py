"""`skooly secrets`: fresh secrets for a production instance."""

import json

from app.cli.data_directory import make_secrets
from app.settings import PREFIX


def secrets() -> None:
    """Print fresh secrets, one variable a line, as an environment file reads them. Keep them: they are stored
    nowhere.
    """
    for name, value in make_secrets().items():
        text = value if isinstance(value, str) else json.dumps(value)
        print(f"{PREFIX}{name.upper()}={text}")
