"""Connections to a database that is chosen at run time, and what their errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
import re

from django.db import (
    connections,
    DEFAULT_DB_ALIAS,
    Error,
    IntegrityError,
    OperationalError,
)
from django.db.backends.postgresql.base import DatabaseWrapper

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, DataError, EtlError, TransientError
from etl_database_schema.databases import describe

REFUSED = re.compile(
    "authentication failed|no password supplied|no pg_hba.conf entry|does not exist"
    "|not permitted to log in|permission denied|does not support SSL|certificate"
)
"""What libpq says when the same attempt would fail again; it gives no SQLSTATE."""


@contextmanager
def connected(settings: DatabaseSettings, alias: str = "chosen") -> Iterator[str]:
    """Give this thread a connection, whatever ``DATABASES`` holds.

    :param alias: what to pass to ``using`` and to ``--database``.
    :raises EtlError: in place of a database error that leaves the block.
    """
    known = connections.configure_settings(
        {DEFAULT_DB_ALIAS: {}, alias: describe(settings)}
    )
    connection = DatabaseWrapper(known[alias], alias)
    connections[alias] = connection
    try:
        yield alias
    except Error as error:
        raise explain(error, settings) from error
    finally:
        connection.close()
        del connections[alias]


def explain(error: Error, settings: DatabaseSettings) -> EtlError:
    """Return the error that says who has to act, without any secret."""
    text = str(error)
    place = f"database {settings.name} at {settings.host}:{settings.port}"
    message = f"{place}: {text.partition(chr(10))[0]}"
    if isinstance(error, IntegrityError):
        return DataError(f"{message}; mend the rows that break the constraint")
    if not isinstance(error, OperationalError):
        return ConfigError(message)
    if getattr(error.__cause__, "pgcode", None) is None and REFUSED.search(text):
        return ConfigError(f"{message}; check the variables DATABASE_*")
    return TransientError(f"{message}; start again when the database answers")
