"""What the models say of the tables: a diagram, and every column."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connections, models
from django.db.backends.postgresql.base import DatabaseWrapper

from etl_database_schema.bootstrap import APPS, bootstrap

DIALECT = "django.db.backends.postgresql"


def tables() -> list[type[models.Model]]:
    """Return the models, parents before children."""
    bootstrap()
    labels = [config.label for config in apps.get_app_configs() if config.name in APPS]
    return [
        model for label in labels for model in apps.get_app_config(label).get_models()
    ]


def diagram() -> str:
    """Return the entities and how they are related, as the code host draws them."""
    found = tables()
    lines = ["```mermaid", "erDiagram"]
    for model in found:
        lines += [f"    {line}" for line in _relations(model)]
    for model in found:
        lines += [f"    {model._meta.db_table} {{"]
        lines += [f"        {line}" for line in _attributes(model)]
        lines += ["    }"]
    return "\n".join([*lines, "```"])


def columns() -> Iterator[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """Yield each table with its description, and name, type, default, description."""
    for model in tables():
        rows = [
            (str(field.column), type_of(field), _default(field), field.db_comment or "")
            for field in model._meta.concrete_fields
        ]
        yield model._meta.db_table, model._meta.db_table_comment or "", rows


def constraints() -> Iterator[tuple[str, str, str]]:
    """Yield table, name and kind of every constraint and index that a model names."""
    for model in tables():
        for constraint in model._meta.constraints:
            kind = type(constraint).__name__.removesuffix("Constraint").lower()
            yield model._meta.db_table, constraint.name, kind
        for index in model._meta.indexes:
            yield model._meta.db_table, index.name, "index"


def type_of(field: "models.Field[object, object]") -> str:
    """Return the type of a column as PostgreSQL calls it."""
    wrapper = DatabaseWrapper({**connections.settings["default"], "ENGINE": DIALECT})
    return str(field.db_type(wrapper))


def _relations(model: type[models.Model]) -> Iterator[str]:
    """Yield an arrow from each parent of a table."""
    for field in model._meta.concrete_fields:
        if field.remote_field:
            parent = field.remote_field.model._meta.db_table
            yield f"{parent} ||--o{{ {model._meta.db_table} : {field.column}"


def _attributes(model: type[models.Model]) -> Iterator[str]:
    """Yield type, name and key of each column."""
    for field in model._meta.concrete_fields:
        key = " PK" if field.primary_key else " FK" if field.remote_field else ""
        kind = type_of(field).replace(" ", "_")
        yield f"{kind} {field.column}{key}"


def _default(field: "models.Field[object, object]") -> str:
    """Say what a plain ``INSERT`` may leave out."""
    if field.primary_key:
        return "identity"
    if field.has_db_default():
        value = field.db_default
        return "now" if isinstance(value, models.Func) else repr(_plain(value))
    return "null" if field.null else "required"


def _plain(value: object) -> object:
    """Return a default that Django has wrapped into an expression."""
    return value.value if isinstance(value, models.Value) else value
