"""Migrations of a real PostgreSQL, forwards and backwards."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
import io
import unittest

from django.core.management import call_command
from django.db import connections

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, DataError
from etl_database_schema.connection import connected
from etl_database_schema.migrate import migrate, show
from etl_database_schema.tests.database import empty_database

TABLES = ["agency", "app_user", "attachment", "user_document"]
LIST_TABLES = """
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'django_migrations'
    ORDER BY tablename
"""
LIST_COMPOSITE_KEYS = """
    SELECT conname FROM pg_constraint
    WHERE contype = 'f' AND cardinality(conkey) > 1 ORDER BY conname
"""
LIST_UNDESCRIBED = """
    SELECT c.relname || coalesce('.' || a.attname, '')
    FROM pg_class c
    JOIN (
        SELECT attrelid, attnum, attname FROM pg_attribute WHERE attnum > 0
        UNION ALL
        SELECT oid, 0, NULL FROM pg_class
    ) AS a ON a.attrelid = c.oid
    LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = a.attnum
        AND d.classoid = 'pg_class'::regclass
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND c.relname <> 'django_migrations' AND d.description IS NULL
    ORDER BY 1
"""
LIST_KEYS = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND data_type = 'bigint'
        AND is_identity = 'YES' AND table_name <> 'django_migrations'
    ORDER BY table_name
"""


class MigrationsTest(unittest.TestCase):
    """A database without tables."""

    def setUp(self) -> None:
        """Make the database."""
        database = empty_database()
        self.settings: DatabaseSettings = database.__enter__()
        self.addCleanup(database.__exit__, None, None, None)

    def names(self, statement: str) -> list[str]:
        """Return the first column of what the statement selects."""
        with (
            connected(self.settings) as alias,
            connections[alias].cursor() as cursor,
        ):
            cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    def test_all_the_way_forwards_and_backwards_and_forwards(self) -> None:
        """Every migration can be applied, taken back and applied again."""
        for target, tables in (((), TABLES), (("agencies", "zero"), []), ((), TABLES)):
            with self.subTest(target=target):
                migrate(self.settings, target)
                self.assertEqual(tables, self.names(LIST_TABLES))

    def test_each_migration_goes_back_alone(self) -> None:
        """One step back and one forward ends where it began."""
        keys = [
            "attachment_document_user_agency_fkey",
            "user_document_user_agency_fkey",
        ]
        for target, expected in ((), keys), (("documents", "0001"), []), ((), keys):
            with self.subTest(target=target):
                migrate(self.settings, target)
                self.assertEqual(expected, self.names(LIST_COMPOSITE_KEYS))

    def test_applied_twice_is_applied_once(self) -> None:
        """A second run finds nothing to do."""
        migrate(self.settings)
        out = io.StringIO()
        migrate(self.settings, out=out)
        self.assertIn("No migrations to apply.", out.getvalue())

    def test_two_at_once_do_not_collide(self) -> None:
        """The late ones wait for the first."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(migrate, [self.settings] * 4))
        self.assertEqual(TABLES, self.names(LIST_TABLES))

    def test_a_plan_changes_nothing(self) -> None:
        """The plan is told, the database stays empty."""
        out = io.StringIO()
        migrate(self.settings, plan=True, out=out)
        self.assertIn("Create model Attachment", out.getvalue())
        self.assertEqual([], self.names(LIST_TABLES))

    def test_without_an_output_nothing_is_told(self) -> None:
        """Who calls from Python keeps standard output for its own results."""
        told = io.StringIO()
        with redirect_stdout(told):
            migrate(self.settings, plan=True)
            migrate(self.settings)
        self.assertEqual("", told.getvalue())

    def test_show_tells_what_is_applied(self) -> None:
        """Applied migrations are ticked, the others are not."""
        migrate(self.settings, ("documents", "0001"))
        out = io.StringIO()
        show(self.settings, out)
        self.assertIn("[X] 0001_initial\n [ ] 0002_composite_keys", out.getvalue())

    def test_every_table_and_column_is_described_in_the_database(self) -> None:
        """Who looks with a database client finds the words of the models."""
        migrate(self.settings)
        self.assertEqual([], self.names(LIST_UNDESCRIBED))
        self.names("COMMENT ON COLUMN agency.name IS NULL; SELECT 1")
        self.assertEqual(["agency.name"], self.names(LIST_UNDESCRIBED))

    def test_every_key_is_a_bigint_identity(self) -> None:
        """Keys are given out by the database and never run out."""
        migrate(self.settings)
        self.assertEqual(TABLES, self.names(LIST_KEYS))

    def test_django_finds_nothing_to_migrate(self) -> None:
        """``makemigrations --check`` is satisfied with this history."""
        migrate(self.settings)
        out = io.StringIO()
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=out)
        self.assertEqual("No changes detected\n", out.getvalue())

    def test_rows_that_break_a_new_constraint_are_bad_data(self) -> None:
        """The rows are at fault, not the server: nobody starts again in vain."""
        migrate(self.settings, ("documents", "0001"))
        self.names(
            "INSERT INTO user_document (agency_id, user_id, title) "
            "VALUES (1, 1, 'x') RETURNING id"
        )
        with self.assertRaisesRegex(DataError, "user_document_user_agency_fkey"):
            migrate(self.settings)
        self.assertEqual([], self.names(LIST_COMPOSITE_KEYS))

    def test_a_foreign_table_of_the_same_name_needs_a_person(self) -> None:
        """A database that these migrations did not make is not touched."""
        self.names("CREATE TABLE agency (id integer); SELECT 1")
        with self.assertRaisesRegex(ConfigError, '"agency" already exists'):
            migrate(self.settings)

    def test_an_unknown_target_needs_a_person(self) -> None:
        """A typing error names what was not found."""
        for target in (("nothing",), ("documents", "0009")):
            with (
                self.subTest(target=target),
                self.assertRaisesRegex(ConfigError, target[-1]),
            ):
                migrate(self.settings, target)

    def test_a_history_with_a_gap_needs_a_person(self) -> None:
        """A migration applied before the one it needs is reported."""
        migrate(self.settings)
        self.names("DELETE FROM django_migrations WHERE app = 'users' RETURNING name")
        with self.assertRaisesRegex(ConfigError, "applied before its dependency"):
            migrate(self.settings)


if __name__ == "__main__":
    unittest.main()
