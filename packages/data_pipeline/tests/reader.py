"""Reads files by a contract in tests, and asserts that no record is lost on the way."""

from collections.abc import Sequence
from pathlib import Path
import tempfile
from typing import Any
import unittest

import duckdb

from data_pipeline.bronze.files import BronzeFile
from data_pipeline.bronze.intake import Intake
from data_pipeline.contracts.model import Contract
from data_pipeline.contracts.reading import contract_of
from data_pipeline.repositories.bronze.statement import compile_contract, SETTINGS
from etl_core.errors import ConfigError

FIXTURES = Path(__file__).parent / "fixtures"
HEAD = """
apiVersion: v3.2.0
kind: DataContract
id: sample
version: 1.0.0
status: active
"""
Row = dict[str, Any]


def contract(servers: str, properties: str, customs: str = "[]") -> Contract:
    """Return a contract of a few words.

    :param servers: what the server says, in YAML's flow style without the braces.
    :param properties: the columns, in flow style.
    :param customs: the custom properties of the table.
    """
    text = (
        f"{HEAD}servers: [{{server: b, type: local, {servers}}}]\n"
        f"schema: [{{name: sample, properties: {properties}, "
        f"customProperties: {customs}}}]\n"
    )
    return contract_of(text, "sample.yaml", nothing_beside)


def nothing_beside(name: str) -> bytes:
    """Read no file beside the contract."""
    raise ConfigError(f"{name}: there is no such file")


class ReaderTest(unittest.TestCase):
    """A test with a folder for files."""

    def setUp(self) -> None:
        """Make the folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.database = duckdb.connect(config={"threads": 1})
        self.addCleanup(self.database.close)
        for setting in SETTINGS:
            self.database.execute(setting)
        self.database.execute("SET VARIABLE hash_key = 'pepper'")

    def file(self, data: bytes, name: str = "file") -> Path:
        """Return a file with these bytes."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def read(self, rules: Contract, data: bytes, name: str = "file") -> list[Row]:
        """Return the rows of a file, in the order of its records.

        A file in which the reader finds another number of records than were counted is
        mended and read again, as the job does.
        """
        path = self.file(data, name)
        intake = Intake(rules, self.folder)
        taken = intake.take(path)
        rows = self.rows(rules, taken)
        if len(rows) != taken.records:
            self.assertFalse(taken.mended, data)
            taken = intake.take(path, mend=True)
            rows = self.rows(rules, taken)
        self.assertEqual(taken.records, len(rows), data)
        numbers = [row["_record"] for row in rows]
        self.assertEqual(list(range(1, len(rows) + 1)), numbers, data)
        self.assertLessEqual({row["_file"] for row in rows}, {str(path)})
        self.assertEqual(_unnumbered(rows), self.rows_in_order(rules, [taken]), data)
        return rows

    def rows(self, rules: Contract, file: BronzeFile) -> list[Row]:
        """Return what the statement yields for a file, and what becomes of it."""
        statement = compile_contract(rules).outcome_sql([file])
        return self._fetched(
            f"SELECT {shown(rules)}, _file, _record, _violations, _outcome "
            f"FROM ({statement}) ORDER BY _record"
        )

    def rows_in_order(self, rules: Contract, files: Sequence[BronzeFile]) -> list[Row]:
        """Return what the statement without numbers yields, but for the numbers."""
        statement = compile_contract(rules).in_order_sql(files)
        columns = f"{shown(rules)}, _file, _violations"
        ordered = "ORDER BY _record" if "row_number() OVER ()" in statement else ""
        return self._fetched(f"SELECT {columns} FROM ({statement}) {ordered}")

    def _fetched(self, statement: str) -> list[Row]:
        """Return the rows of a statement by the names of their columns."""
        found = self.database.execute(statement)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def shown(rules: Contract) -> str:
    """Return the columns of the table in types that Python knows."""
    return ", ".join(
        f'"{name}"::VARCHAR AS "{name}"' if "TIME" in kind else f'"{name}"'
        for name, kind in compile_contract(rules).table_columns
    )


def _unnumbered(rows: list[Row]) -> list[Row]:
    """Return rows as the statement without numbers has them."""
    alone = {"_record", "_outcome"}
    return [{name: it for name, it in row.items() if name not in alone} for row in rows]


def faults(rows: list[Row]) -> list[tuple[int, str | None, str]]:
    """Return record, column and reason of everything that is wrong."""
    return [
        (row["_record"], each["column"], each["reason"])
        for row in rows
        for each in row["_violations"]
    ]


def outcomes(rows: list[Row]) -> list[str]:
    """Return what becomes of each row, by its first letter."""
    return [row["_outcome"][0] for row in rows]
