"""The least that Django needs so that this module can use the models."""

from etl_database_schema.bootstrap import APPS
from etl_database_schema.databases import configured

INSTALLED_APPS = APPS
DATABASES = {"default": configured()}
SECRET_KEY = "unused-nothing-is-signed"  # noqa: S105
USE_TZ = True
