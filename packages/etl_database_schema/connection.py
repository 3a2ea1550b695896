"""Connections to a database that is chosen at run time, and what their errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager

from django import db
from django.db import connections, DEFAULT_DB_ALIAS
from django.db.backends.postgresql.base import DatabaseWrapper

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, DataError, EtlError, TransientError
from etl_core.postgres import connect, MISTAKES
from etl_database_schema.databases import describe


@contextmanager
def connected(settings: DatabaseSettings, alias: str = "chosen") -> Iterator[str]:
    """Give this thread a connection, whatever ``DATABASES`` holds.

    :param alias: what to pass to ``using`` and to ``--database``.
    :raises EtlError: when no connection comes about, and in place of a database
        error that leaves the block.
    """
    # The core knows best why a server cannot be reached or refuses a role.
    connect(settings).close()
    known = connections.configure_settings(
        {DEFAULT_DB_ALIAS: {}, alias: describe(settings)}
    )
    connection = DatabaseWrapper(known[alias], alias)
    connections[alias] = connection
    try:
        yield alias
    except db.Error as error:
        raise explain(error, settings) from error
    finally:
        connection.close()
        del connections[alias]


def explain(error: db.Error, settings: DatabaseSettings) -> EtlError:
    """Return the error that says who has to act, without any secret."""
    place = f"{settings.host}:{settings.port}/{settings.name} as {settings.user}"
    message = f"{str(error).partition(chr(10))[0]} ({place})"
    if isinstance(error, db.IntegrityError | db.DataError):
        return DataError(f"{message}; mend the rows that break the constraint")
    if isinstance(error, db.OperationalError):
        return TransientError(f"{message}; start again when the database answers")
    hint = MISTAKES.get(getattr(error.__cause__, "pgcode", ""))
    return ConfigError(f"{message}; {hint}" if hint else message)
