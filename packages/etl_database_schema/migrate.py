"""Bring a database to the state that the models describe."""

from collections.abc import Sequence
import io
import sys
from typing import TextIO

from django.apps import apps
from django.core.management import call_command, CommandError
from django.db import connections
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError
from etl_database_schema.bootstrap import bootstrap
from etl_database_schema.connection import connected

LOCK = 4_022_250_974
"""Key of the advisory lock; any number that nothing else in the database takes."""


def migrate(
    settings: DatabaseSettings,
    target: Sequence[str] = (),
    plan: bool = False,
    out: TextIO | None = None,
) -> None:
    """Apply every migration, or go forwards or backwards to the target.

    A process that is late waits until the other has finished, and then finds
    nothing left to do.

    :param target: an app, or an app and one of its migrations or ``zero``.
    :param plan: only tell what would be done.
    :param out: where to tell what is done; nowhere by default.
    :raises EtlError: saying whether a person has to act, or time will help.
    """
    bootstrap()
    with connected(settings) as alias:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        _call("migrate", alias, target, out, plan=plan, interactive=False)


def show(settings: DatabaseSettings, out: TextIO | None = None) -> None:
    """List every migration and whether it is applied.

    :raises EtlError: as :func:`migrate` does.
    """
    bootstrap()
    with connected(settings) as alias:
        _call("showmigrations", alias, (), out or sys.stdout)


def differences() -> list[str]:
    """Return what the models have and the migrations lack; needs no database."""
    bootstrap()
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps)
    )
    changes = detector.changes(graph=loader.graph)
    return [
        f"{app}: {operation.describe()}"
        for app, migrations in sorted(changes.items())
        for migration in migrations
        for operation in migration.operations
    ]


def _call(
    command: str, alias: str, target: Sequence[str], out: TextIO | None, **options: bool
) -> None:
    """Run a command of Django's, and let its complaints exit as a usage error."""
    try:
        call_command(
            command,
            *target,
            database=alias,
            stdout=out or io.StringIO(),
            no_color=True,
            **options,
        )
    except (CommandError, InconsistentMigrationHistory) as error:
        raise ConfigError(str(error)) from error
