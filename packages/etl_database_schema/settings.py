"""The least that Django needs to use these models; not for a web application."""

from etl_database_schema.databases import configured

INSTALLED_APPS = [
    "etl_database_schema.agencies",
    "etl_database_schema.users",
    "etl_database_schema.documents",
]
DATABASES = {"default": configured()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "unused-nothing-is-signed"  # noqa: S105
USE_TZ = True
