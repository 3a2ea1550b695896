"""What becomes of files that are not as their contract says: each outcome by name."""

import gzip
import json
from pathlib import Path
import unittest

import duckdb
import zstandard

from data_pipeline.bronze.files import FileRefused
from data_pipeline.bronze.intake import Intake
from data_pipeline.contracts.model import Contract
from data_pipeline.tests.reader import contract, faults, ReaderTest

COLUMNS = "[{name: id, required: true}, {name: name}]"
GOOD = b"id,name\n1,a\n2,b\n"


def rules(server: str = "format: csv", customs: str = "") -> Contract:
    """Return a contract of two columns."""
    return contract(f"{server}, customProperties: [{customs}]", COLUMNS)


class IntakeTest(ReaderTest):
    """Real files, taken in and read."""

    def assert_refused(self, reason: str, data: bytes, given: Contract) -> None:
        """The file is refused for this reason, in words that name it."""
        with self.assertRaises(FileRefused) as caught:
            self.read(given, data, "orders")

        self.assertEqual(reason, caught.exception.reason)
        self.assertIn("orders", str(caught.exception))

    def assert_read(self, data: bytes, given: Contract, expected: str = "12") -> None:
        """The file has these ids."""
        found = self.read(given, data)
        self.assertEqual([], faults(found))
        self.assertEqual(list(expected), [row["id"] for row in found])

    def test_packed_files_are_read(self) -> None:
        """By what they begin with, whatever they are called."""
        half = len(GOOD) // 2
        members = gzip.compress(GOOD[:half]) + gzip.compress(GOOD[half:])
        pack = zstandard.ZstdCompressor().compress
        frames = pack(GOOD[:half]) + pack(GOOD[half:])
        for data in (GOOD, gzip.compress(GOOD), members, frames):
            self.assert_read(data, rules())

    def test_packed_file_that_is_cut_off(self) -> None:
        """Not one of its rows is taken."""
        packed = (
            gzip.compress(GOOD * 99),
            zstandard.ZstdCompressor().compress(GOOD * 99),
        )
        for data in packed:
            for end in (8, len(data) // 2, len(data) - 1):
                self.assert_refused("truncated", data[:end], rules())

    def test_packed_file_that_is_damaged(self) -> None:
        """A checksum that does not fit, or something behind the end."""
        packed = bytearray(gzip.compress(GOOD * 99))
        packed[len(packed) - 6] ^= 1
        self.assert_refused("damaged", bytes(packed), rules())
        self.assert_refused("damaged", gzip.compress(GOOD) + b"rubbish", rules())

    def test_bomb(self) -> None:
        """It is given up when it unpacks to more than the contract allows."""
        small = rules(customs="{property: expansionLimit, value: 100000}")
        for data in (gzip.compress(bytes(10**7)), zstandard.compress(b"1,2\n" * 10**6)):
            self.assert_refused("expansion_limit", data, small)

    def test_what_is_no_text(self) -> None:
        """An archive, an image, a document in UTF-16 that is said to be UTF-8."""
        for data in (b"PK\x03\x04xxxxxx", b"%PDF-1.7", bytes(range(256)) * 9):
            self.assert_refused("not_text", data, rules())
        self.assert_refused("encoding_wrong", GOOD.decode().encode("utf-16"), rules())
        self.assert_refused("not_text", GOOD.decode().encode("utf-16-le"), rules())

    def test_page_instead_of_a_table(self) -> None:
        """An error page of a web server lacks the columns."""
        page = b"<!DOCTYPE html>\n<title>503, try later</title>\n"
        self.assert_refused("columns_missing", page, rules())

    def test_empty_file(self) -> None:
        """Without names it is refused; one with names alone has no records."""
        self.assert_refused("no_header", b"", rules())
        self.assert_refused("no_header", b"\n\n", rules())
        self.assert_read(b"id,name\n", rules(), "")
        self.assert_read(b"", rules("format: jsonl"), "")

    def test_line_too_long(self) -> None:
        """Above the limit of the file it is refused; below, the record is bad."""
        small = rules(customs="{property: lineLimit, value: 5000000}")
        self.assert_refused("line_too_long", GOOD + b"x" * 6_000_000, small)
        found = self.read(small, GOOD + b"3," + b"x" * 4_000_000 + b"\n4,d\n")
        self.assertEqual([(3, None, "record_too_long")], faults(found))
        self.assertEqual(4, len(found))

    def test_encodings(self) -> None:
        """Text in another encoding is read; a byte that is no letter costs its row."""
        text = "id,name\n1,é\n2,ü\n"
        for name in ("cp1252", "utf-16", "utf-16-be", "cp850", "utf-8-sig"):
            with self.subTest(name):
                given = rules(f"format: csv, encoding: {name}")
                self.assert_read(text.encode(name), given)
        bad = text.encode("cp1252") + b"3,\x81\n4,d\n"
        found = self.read(rules("format: csv, encoding: cp1252"), bad)
        self.assertEqual([(3, None, "undecodable")], faults(found))
        found = self.read(rules(), text.encode() + b"3,\xe9\n4,d\n")
        self.assertEqual([(3, None, "undecodable")], faults(found))

    def test_mixed_encodings(self) -> None:
        """Where every byte is a letter, lines in UTF-8 give the mixture away."""
        latin = rules("format: csv, encoding: latin-1")
        utf8, other = "1,é\n".encode(), "2,é\n".encode("latin-1")
        self.assert_refused("encoding_mixed", b"id,name\n" + utf8 + other, latin)
        self.assert_refused("encoding_wrong", b"id,name\n" + utf8, latin)
        self.assert_read(b"id,name\n" + other, latin, "2")

    def test_columns(self) -> None:
        """In any order and in other letters; extra and missing ones by the policy."""
        self.assert_read(b"Name, ID \na,1\nb,2\n", rules())
        self.assert_read(b"x,id,y,name\n9,1,9,a\n9,2,9,b\n", rules())
        strict = rules(customs="{property: extraColumns, value: refuse}")
        self.assert_refused("columns_extra", b"id,name,x\n", strict)
        self.assert_refused("columns_missing", b"id,other\n1,a\n", rules())
        lenient = rules(customs="{property: missingColumns, value: ignore}")
        self.assert_read(b"id,x\n1,a\n2,b\n", lenient)
        self.assert_refused("columns_missing", b"name,x\n1,a\n", lenient)
        self.assert_refused("columns_double", b"id,name,ID\n", rules())

    def test_drift_is_noted(self) -> None:
        """What is let pass is told."""
        lenient = rules(customs="{property: missingColumns, value: ignore}")
        taken = Intake(lenient, self.folder).take(self.file(b"id,x\n1,a\n"))

        self.assertEqual(("extra column x", "missing column name"), taken.notes)

    def test_ends_of_lines(self) -> None:
        """Three kinds, also in one file."""
        for data in (
            b"id,name\r1,a\r2,b\r",
            b"id,name\r\n1,a\n2,b\r",
            GOOD + b"\r\n\r\n",
        ):
            self.assert_read(data, rules())

    def test_empty_lines_are_no_records(self) -> None:
        """They are not counted, so that a good file is not mended for them."""
        for data in (GOOD + b"\n\n", b"id,name\r\n\r\n1,a\r\n2,b\r\n"):
            taken = Intake(rules(), self.folder).take(self.file(data))
            self.assertEqual((2, False), (taken.records, taken.mended))

    def test_skipped_lines(self) -> None:
        """A title in front of the names is no record."""
        titled = rules(customs="{property: skip, value: 2}")
        self.assert_read(b"Orders\nof 2025\n" + GOOD, titled)
        bad = b'Orders\nof 2025\nid,name\n1,"a\n2,b\n'
        self.assertEqual(
            [(1, None, "quote_not_closed")], faults(self.read(titled, bad))
        )

    def test_json_documents(self) -> None:
        """An array, an array below a path, documents one after the other."""
        records = [{"id": 1, "name": {"a": [1.10, None]}}, {"id": 2}]
        given = rules("format: json")
        array = json.dumps(records, indent=2).encode()
        self.assert_read(array, given)
        self.assert_read(b'{"id": 1}\n {"id":\n 2}', given)
        below = rules("format: json", "{property: records, value: data.rows}")
        self.assert_read(b'{"data": {"rows": ' + array + b"}}", below)
        self.assert_refused("no_records", b'{"data": 1}', below)
        self.assert_refused("truncated", array[:-3], given)
        self.assert_refused("not_json", b'[{"id": 1} {"id": 2}]', given)

    def test_parquet(self) -> None:
        """Columns by name, values as their texts; what is cut off is refused."""
        path = self.folder / "orders.parquet"
        duckdb.execute(
            "COPY (SELECT 'a' AS name, 1::BIGINT AS id UNION ALL SELECT 'b', 2) "
            f"TO '{path}' (FORMAT parquet)"
        )
        data = path.read_bytes()
        self.assert_read(data, rules("format: parquet"))
        self.assert_refused("not_parquet", data[:-9], rules("format: parquet"))

    def test_nothing_is_copied_without_need(self) -> None:
        """A plain file in UTF-8 is read where it lies."""
        path = self.file(GOOD)
        taken = Intake(rules(), self.folder).take(path)

        self.assertEqual(
            (str(path), 2, False), (taken.data, taken.records, taken.mended)
        )
        self.assertEqual([path], list(Path(self.folder).iterdir()))


if __name__ == "__main__":
    unittest.main()
