"""Set Django up, for programs that are no Django project of their own."""

import os

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from etl_core.errors import ConfigError

VARIABLE = "DJANGO_SETTINGS_MODULE"
SETTINGS = "etl_database_schema.settings"
APPS = (
    "etl_database_schema.agencies",
    "etl_database_schema.users",
    "etl_database_schema.documents",
)


def bootstrap(settings: str = SETTINGS) -> None:
    """Load the settings and the models once; a second call changes nothing.

    Entry points call it first: Django is not to be set up by two threads at once, and
    no model can be used before. An empty variable counts as not set.

    :param settings: what is loaded unless the variable names others.
    :raises ConfigError: when the named settings cannot be used, or leave an app out.
    """
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = settings
    if not apps.ready:
        _setup()
    missing = [app for app in APPS if not apps.is_installed(app)]
    if missing:
        raise ConfigError(f"add to INSTALLED_APPS: {', '.join(missing)}")


def _setup() -> None:
    """Call Django's own set-up and say which variable to mend when it fails."""
    try:
        django.setup()
    except (ImportError, ImproperlyConfigured) as error:
        raise ConfigError(f"{VARIABLE}={os.environ[VARIABLE]}: {error}") from error
