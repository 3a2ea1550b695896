"""A PostgreSQL for the tests: one server for the process, a database for each class."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, TypeVar
import unittest

from django.db import connections, IntegrityError, transaction
from django.db.backends.utils import CursorWrapper

from etl_core.config import DatabaseSettings
from etl_core.testing.postgres import postgres_server
from etl_database_schema.connection import connected
from etl_database_schema.migrate import migrate

ALIAS = "tested"
Entered = TypeVar("Entered")
Value = str | int


@contextmanager
def empty_database() -> Iterator[DatabaseSettings]:
    """Make a database without tables, and drop it afterwards."""
    server = postgres_server()
    settings = server.fresh_database()
    try:
        yield settings
    finally:
        server.drop_database(settings)


class DatabaseTestCase(unittest.TestCase):
    """A migrated database for the class, a transaction for each test.

    Constraints are checked at once and not at the commit, which never comes.
    """

    settings: ClassVar[DatabaseSettings]

    @classmethod
    def setUpClass(cls) -> None:
        """Migrate a database of its own and connect to it."""
        super().setUpClass()
        cls.settings = cls.enter(empty_database())
        migrate(cls.settings)
        cls.enter(connected(cls.settings, ALIAS))

    @classmethod
    def enter(cls, context: AbstractContextManager[Entered]) -> Entered:
        """Enter a context that ends with the class."""
        entered = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        return entered

    def setUp(self) -> None:
        """Begin a transaction that is taken back after the test."""
        block = transaction.atomic(using=ALIAS)
        block.__enter__()
        self.addCleanup(block.__exit__, None, None, None)
        self.addCleanup(transaction.set_rollback, True, using=ALIAS)
        self.query("SET CONSTRAINTS ALL IMMEDIATE")

    def query(self, statement: str, *values: Value) -> list[tuple[Any, ...]]:
        """Run plain SQL and return its rows."""
        with self.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def cursor(self) -> CursorWrapper:
        """Return a cursor on the database of the class."""
        return connections[ALIAS].cursor()

    @contextmanager
    def refused_by(self, constraint: str, value: object = None) -> Iterator[None]:
        """Expect the block to break a constraint, and go on after it."""
        with (
            self.subTest(value=value),
            self.assertRaisesRegex(IntegrityError, f'"{constraint}"'),
            transaction.atomic(using=ALIAS),
        ):
            yield
