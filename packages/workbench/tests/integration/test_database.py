"""The page of the database against a database."""

import re
import unittest

from etl_core.database import DatabaseClient
from etl_core.testing.postgres import postgres_server
from etl_database_schema.migrate import migrate
from workbench import database

COLUMNS = """
    SELECT
        c.relname AS table_name,
        a.attname AS column_name,
        format_type(a.atttypid, a.atttypmod) AS type,
        col_description(c.oid, a.attnum) AS description
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND c.relname <> 'django_migrations'
"""
NAMED = """
    SELECT conname AS name FROM pg_constraint
    UNION
    SELECT indexname FROM pg_indexes
"""


class PageTest(unittest.TestCase):
    """What is generated from the models."""

    def setUp(self) -> None:
        """Make a database as the migrations make it."""
        server = postgres_server()
        settings = server.fresh_database()
        self.addCleanup(server.drop_database, settings)
        migrate(settings)
        self.client = DatabaseClient(settings)
        self.addCleanup(self.client.close)

    def test_every_column_with_type_and_description(self) -> None:
        """The page has exactly what the database has."""
        expected = {
            (it["table_name"], it["column_name"], _type(it["type"]), it["description"])
            for it in self.client.execute_query(COLUMNS)
        }
        found = {
            (table, name, kind, text)
            for table, _, rows in database.columns()
            for name, kind, _, text in rows
        }
        self.assertEqual(expected, found)
        self.assertTrue(all(text for *_, text in found))

    def test_every_constraint_exists(self) -> None:
        """Each named constraint and index is in the database."""
        known = {it["name"] for it in self.client.execute_query(NAMED)}
        self.assertLessEqual({name for _, name, _ in database.constraints()}, known)

    def test_diagram(self) -> None:
        """It has each table once, and an arrow for each reference."""
        text = database.diagram()
        tables = re.findall(r"^    (\w+) \{$", text, re.MULTILINE)
        self.assertEqual(["agency", "app_user", "user_document", "attachment"], tables)
        self.assertIn("user_document ||--o{ attachment : document_id", text)
        self.assertEqual(6, text.count("||--o{"))
        self.assertIn("        bigint id PK\n", text)


def _type(name: str) -> str:
    """Return the name of a type as Django writes it."""
    return name.replace("character varying", "varchar")


if __name__ == "__main__":
    unittest.main()
