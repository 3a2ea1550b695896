"""The name under which Django knows this app."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Label the app ``documents``, in migrations and in references to its models."""

    name = "etl_database_schema.documents"
    label = "documents"
