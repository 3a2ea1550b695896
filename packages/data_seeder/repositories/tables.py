"""Whole ranges of rows, read and written by ``COPY`` as the models describe them."""

from collections.abc import Iterator
from contextlib import contextmanager
import io
from typing import NamedTuple

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Max, Model
from psycopg2 import sql

from etl_core.calls import Call, CallHook, direct
from etl_core.config import DatabaseSettings
from etl_core.database import SYSTEM
from etl_database_schema.connection import connected

ALIAS = "seeded"

READ_RANGE = (
    "COPY (SELECT {columns} FROM {table} WHERE id BETWEEN {first} AND {last}"
    " ORDER BY id) TO STDOUT"
)
WRITE_RANGE = "COPY {table} ({columns}) FROM STDIN"
# Ids that are given are not taken from the sequence, which is moved past them.
MOVE_SEQUENCE = """
    SELECT setval(sequence::regclass, %(last)s)
    FROM pg_get_serial_sequence(%(table)s, 'id') AS sequence
    WHERE coalesce(pg_sequence_last_value(sequence::regclass), 0) < %(last)s
"""


class Keys(NamedTuple):
    """A range of ids, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        """Write it as people read it."""
        return f"ids {self.first} to {self.last}"


class RangeSession:
    """One range of rows of one table, in one transaction.

    Values are written as the driver and Django have it, in ISO format and UTC,
    whatever the server is set up for.

    :param cursor: on the connection of the transaction.
    :param model: the table.
    :param keys: the range.
    :param hook: sees every statement.
    """

    def __init__(
        self, cursor: CursorWrapper, model: type[Model], keys: Keys, hook: CallHook
    ) -> None:
        """Know the columns."""
        self._cursor = cursor
        self._hook = hook
        self._table = model._meta.db_table
        self._names = {
            "table": sql.Identifier(self._table),
            "columns": sql.SQL(", ").join(map(sql.Identifier, columns_of(model))),
            "first": sql.Literal(keys.first),
            "last": sql.Literal(keys.last),
        }

    def read(self) -> bytes:
        """Return the rows of the range, in the order of their ids."""
        found = io.BytesIO()
        self._copy("read", READ_RANGE, found)
        return found.getvalue()

    def write(self, rows: bytes) -> None:
        """Insert rows; they are kept when the transaction is."""
        self._copy("write", WRITE_RANGE, io.BytesIO(rows))

    def _copy(self, operation: str, statement: str, file: io.BytesIO) -> None:
        """Run a ``COPY`` from or to a file."""
        composed = sql.SQL(statement).format(**self._names)
        call = Call(SYSTEM, f"copy_{operation}", self._table)
        # Django knows nothing of COPY, and would let the driver's own errors through.
        with self._cursor.db.wrap_database_errors:
            self._hook(call, lambda: self._cursor.copy_expert(composed, file))


class TableRepository:
    """The tables of the schema, by the names of their models.

    Every method connects anew, so that threads share nothing.

    :param settings: where the database is.
    :param hook: sees every statement that reads or writes rows.
    """

    def __init__(self, settings: DatabaseSettings, hook: CallHook = direct) -> None:
        """Connect to nothing yet."""
        self._settings = settings
        self._hook = hook

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, as its model lists them.

        :param table: label of the model, for example ``agencies.Agency``.
        """
        return columns_of(apps.get_model(table))

    @contextmanager
    def range(self, table: str, keys: Keys) -> Iterator[RangeSession]:
        """Open a transaction on a range of rows, kept unless the block raises.

        :raises EtlError: as :func:`~etl_database_schema.connection.connected` does.
        """
        model = apps.get_model(table)
        with (
            connected(self._settings, ALIAS) as alias,
            transaction.atomic(using=alias),
            connections[alias].cursor() as cursor,
        ):
            yield RangeSession(cursor, model, keys, self._hook)

    def count(self, table: str, keys: Keys) -> int:
        """Count the rows of a range."""
        model = apps.get_model(table)
        with connected(self._settings, ALIAS) as alias:
            chosen = model._default_manager.using(alias).filter(id__range=keys)
            call = Call(SYSTEM, "count", model._meta.db_table)
            found: int = self._hook(call, chosen.count)
            return found

    def move_sequence(self, table: str) -> None:
        """See that the database gives out no id that a row has."""
        model = apps.get_model(table)
        with (
            connected(self._settings, ALIAS) as alias,
            connections[alias].cursor() as cursor,
        ):
            rows = model._default_manager.using(alias)
            last = rows.aggregate(last=Max("id"))["last"]
            place = {"table": model._meta.db_table, "last": last}
            call = Call(SYSTEM, "move_sequence", model._meta.db_table)
            self._hook(call, lambda: cursor.execute(MOVE_SEQUENCE, place))


def columns_of(model: type[Model]) -> list[str]:
    """Return the columns of a model, in its order."""
    return [str(field.column) for field in model._meta.concrete_fields]
