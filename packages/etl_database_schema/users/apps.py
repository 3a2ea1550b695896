"""The name under which Django knows this app."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Label the app ``users``, in migrations and in references to its models."""

    name = "etl_database_schema.users"
    label = "users"
