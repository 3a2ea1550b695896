"""Django's database settings, made from the variables that every module reads."""

from typing import Any

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError

UNSET: dict[str, Any] = {"ENGINE": "django.db.backends.dummy"}
"""What stands in for a database that is not configured: any query to it raises."""


def describe(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the settings as an entry of Django's ``DATABASES``."""
    limit = settings.statement_timeout_seconds * 1000
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": settings.host,
        "PORT": str(settings.port),
        "NAME": settings.name,
        "USER": settings.user,
        "PASSWORD": settings.password.get_secret_value(),
        "OPTIONS": {
            "sslmode": settings.sslmode,
            "connect_timeout": settings.connect_timeout_seconds,
            "options": f"-c statement_timeout={limit}",
        },
    }


def configured() -> dict[str, Any]:
    """Return the database of the environment, or :data:`UNSET`.

    Checks of models and types import the settings and need no database, so faulty
    variables are no error here: whoever connects reads them again, and hears of it.
    """
    try:
        return describe(DatabaseSettings.from_environment())
    except ConfigError:
        return UNSET
