"""Where SQL may stand."""

import unittest

from workbench.tests.unit.policy.repository import RuleTest

POST = "packages/sender/processors/post.py"
STATEMENTS = (
    '"SELECT id FROM letter"',
    '"select id, name as n from letter"',
    '"""\n    -- newest first\n    WITH a AS (SELECT 1) SELECT * FROM a\n"""',
    '"SELECT " + columns + " FROM letter"',
    'f"SELECT {columns} FROM {table}"',
    '"SELECT * FROM %s" % table',
    '"insert into letter (id) values (1)"',
    '"UPDATE letter SET sent = true"',
    '"DELETE FROM letter"',
    '"MERGE INTO letter USING post ON true"',
    '"CREATE TEMPORARY TABLE letter (id int)"',
    '"alter table letter add sent boolean"',
    '"DROP TABLE letter"',
    '"TRUNCATE TABLE letter"',
)
PROSE = (
    '"Select a file from the list"',
    '"update the settings and set a limit"',
    '"insert into the envelope"',
    '"Delete it from the list"',
    '"SELECT 1"',
    '"create the table of contents"',
)


class QueriesTest(RuleTest):
    """SQL in strings."""

    def test_statements(self) -> None:
        """A statement outside repositories is found, however it is put together."""
        for statement in STATEMENTS:
            with self.subTest(statement):
                self.assert_red(
                    "A8 sql-in-repositories", {POST: f"a = {statement}\n"}, "SQL stands"
                )

    def test_prose(self) -> None:
        """Sentences with the words of SQL are none."""
        for prose in PROSE:
            with self.subTest(prose):
                self.assert_green("A8 sql-in-repositories", {POST: f"a = {prose}\n"})

    def test_docstring(self) -> None:
        """A docstring may show a statement."""
        text = '"""SELECT a FROM b"""\n\ndef c():\n    """SELECT a FROM b"""\n'
        self.assert_green("A8 sql-in-repositories", {POST: text})

    def test_places(self) -> None:
        """Repositories, migrations, tests and the test servers may hold SQL."""
        text = 'a = "DELETE FROM letter"\n'
        for path in (
            "packages/sender/repositories/letters.py",
            "packages/etl_database_schema/users/migrations/0001_initial.py",
            "packages/sender/tests/unit/test_post.py",
            "packages/etl_core/testing/postgres.py",
            "infra/local/demo.py",
        ):
            with self.subTest(path):
                self.assert_green("A8 sql-in-repositories", {path: text})

    def test_spool(self) -> None:
        """A private SQLite file of etl_core is no database of a domain."""
        text = 'import sqlite3\n\na = "DELETE FROM unit"\n'
        path = "packages/etl_core/runs/spool.py"
        self.assert_green("A8 sql-in-repositories", {path: text})
        self.assert_red("A8 sql-in-repositories", {POST: text}, "DELETE FROM unit")

    def test_sql_file(self) -> None:
        """A file of SQL stands in repositories too."""
        path = "packages/sender/queries.sql"
        self.assert_red("A8 sql-in-repositories", {path: ""}, "an SQL file")
        moved = {"packages/sender/repositories/letters.sql": ""}
        self.assert_green("A8 sql-in-repositories", moved)


if __name__ == "__main__":
    unittest.main()
