"""Generating and loading together, beside a plain ``COPY`` of the same rows."""

import os
from pathlib import Path
import sys
import tempfile
import time
import unittest

from django.apps import apps
from django.db import connections
from psycopg2 import sql

from data_seeder.repositories.tables import TableRepository
from data_seeder.tests.place import data, options, SeedTestCase
from etl_database_schema.connection import connected

ATTACHMENTS = int(os.environ.get("ETL_BENCH_ATTACHMENTS", "300000"))
ROUNDS = 2
LEAST_RATIO = 0.5
SIZE = {
    "agencies": 50,
    "users": 2000,
    "documents": ATTACHMENTS // 3,
    "attachments": ATTACHMENTS,
}
COPY = "COPY {table} ({columns}) FROM STDIN"


class SpeedTest(SeedTestCase):
    """The same rows, once from ready files and once made on the way."""

    def setUp(self) -> None:
        """Write the files."""
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="etl-seed-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = data(**SIZE)
        repository = TableRepository(self.settings)
        self.columns = {table: repository.columns(table) for table in self.data.rows}
        for table, columns in self.columns.items():
            with (self.folder / table).open("wb") as file:
                for block in self.data.blocks(table):
                    file.write(self.data.text(table, columns, block))

    def test_seeding_takes_at_most_twice_as_long_as_a_copy(self) -> None:
        """Both in turn, so that a change of the machine's speed meets both."""
        copying = seeding = 0.0
        for _ in range(ROUNDS):
            copying += self.copy()
            seeding += self.seed()
        rows = ROUNDS * sum(self.data.rows.values())
        ratio = copying / seeding
        sys.stderr.write(
            f"COPY {rows / copying:,.0f} rows/s, seeding {rows / seeding:,.0f} rows/s, "
            f"ratio {ratio:.2f}\n"
        )
        self.assertGreater(ratio, LEAST_RATIO)

    def copy(self) -> float:
        """Load the files, one after the other; return the seconds."""
        self.settings = self.database()
        began = time.perf_counter()
        with (
            connected(self.settings) as alias,
            connections[alias].cursor() as cursor,
        ):
            for table, columns in self.columns.items():
                names = {
                    "table": sql.Identifier(apps.get_model(table)._meta.db_table),
                    "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
                }
                with (self.folder / table).open("rb") as file:
                    cursor.copy_expert(sql.SQL(COPY).format(**names), file)
        return time.perf_counter() - began

    def seed(self) -> float:
        """Run the console script; return the seconds."""
        self.settings = self.database()
        began = time.perf_counter()
        result = self.seeded(*options(**SIZE))
        seconds = time.perf_counter() - began
        self.assertEqual(sum(self.data.rows.values()), result["tables"]["written"])
        return seconds


if __name__ == "__main__":
    unittest.main()
