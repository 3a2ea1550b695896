"""The name under which Django knows this app."""

from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    """Label the app ``agencies``, in migrations and in references to its models."""

    name = "etl_database_schema.agencies"
    label = "agencies"
