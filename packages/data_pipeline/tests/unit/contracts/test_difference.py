"""Tests of what a new contract breaks."""

import unittest

from data_pipeline.contracts.difference import differences
from data_pipeline.contracts.reading import contract_of
from data_pipeline.tests.reader import FIXTURES, nothing_beside

TEXT = (FIXTURES / "grants.yaml").read_text(encoding="utf-8")


class DifferenceTest(unittest.TestCase):
    """One contract and the same with a change."""

    def broken(self, old: str, new: str) -> list[str]:
        """Return whom a replaced text breaks."""
        self.assertIn(old, TEXT)
        before = contract_of(TEXT, "g.yaml", nothing_beside)
        after = contract_of(TEXT.replace(old, new, 1), "g.yaml", nothing_beside)
        return [each.breaks for each in differences(before, after)]

    def test_nothing(self) -> None:
        """Words about a contract break nobody."""
        self.assertEqual([], self.broken("version: 1.0.0", "version: 2.0.0"))

    def test_readers(self) -> None:
        """A column that goes, narrows or hides; another key or partition."""
        cases = (
            ("name: giver, ", "name: donor, "),
            ("decimal(14,2)", "decimal(12,2)"),
            ("value: hash", "value: drop"),
            ("        partitioned: true\n", ""),
            ("primaryKeyPosition: 2", "primaryKeyPosition: 4"),
            ("    required: true", "    required: false"),
        )
        for old, new in cases:
            with self.subTest(old):
                self.assertEqual("readers", self.broken(old, new)[0])

    def test_files(self) -> None:
        """Rules that bronze files have met so far and may not meet any more."""
        cases = (
            ("maximum: 2100", "maximum: 2020"),
            ('delimiter: ";"', 'delimiter: "|"'),
            ("physicalName: Art", "physicalName: Typ"),
            ('"-", ', ""),
            ("{name: purpose, ", "{name: more}\n      - {name: purpose, "),
        )
        for old, new in cases:
            with self.subTest(old):
                self.assertEqual({"files"}, set(self.broken(old, new)))

    def test_nobody(self) -> None:
        """A wider type holds whatever the narrower one held."""
        self.assertEqual([""], self.broken("format: i32", "format: i64"))


if __name__ == "__main__":
    unittest.main()
