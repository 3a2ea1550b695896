"""Unit tests of :mod:`etl_core.processors.manifest`."""

import csv
import unittest

from etl_core.processors.manifest import COLUMNS, CsvManifest
from etl_core.tests.worlds import FolderTest, make_line, make_unit


class CsvManifestTest(FolderTest):
    """A manifest with two columns of the job."""

    def written(self, **attributes: object) -> bytes:
        """Write one unit and return the file."""
        path = self.folder / "manifest.csv"
        manifest = CsvManifest(path, ("user_id", "file_name"))
        manifest.write(make_unit(1, attributes=attributes or None), make_line(1))
        manifest.close()
        return path.read_bytes()

    def row(self, **attributes: object) -> dict[str, str]:
        """Read the one row that was written."""
        text = self.written(**attributes).decode()
        [row] = csv.DictReader(text.splitlines(keepends=True))
        return row

    def test_columns(self) -> None:
        """The columns of the ledger come first, then those of the job."""
        row = self.row(user_id=7, file_name="a.pdf")
        self.assertEqual([*COLUMNS, "user_id", "file_name"], list(row))
        self.assertEqual(
            ("sample=1", "done", "copied", "etag-1", "7", "7", "a.pdf"),
            tuple(
                row[name]
                for name in (
                    "unit",
                    "outcome",
                    "reason",
                    "etag",
                    "size",
                    "user_id",
                    "file_name",
                )
            ),
        )
        self.assertEqual("", row["source_version"])

    def test_hostile_names(self) -> None:
        """Commas, quotes and line breaks of a name do not break a row."""
        name = 'a,"b"\r\nÄ;=1+1'
        self.assertEqual(name, self.row(file_name=name)["file_name"])

    def test_standard(self) -> None:
        """Lines end as RFC 4180 has it, in UTF-8 without a mark."""
        content = self.written(file_name="Ä")
        self.assertTrue(content.startswith(b"unit,outcome,"))
        self.assertEqual(2, content.count(b"\r\n"))
        self.assertTrue(content.endswith("Ä\r\n".encode()))

    def test_no_attributes(self) -> None:
        """A unit without attributes leaves the cells empty."""
        row = self.row()
        self.assertEqual(("", ""), (row["user_id"], row["file_name"]))


if __name__ == "__main__":
    unittest.main()
