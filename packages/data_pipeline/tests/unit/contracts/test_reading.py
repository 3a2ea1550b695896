"""Tests of reading contracts, and of what is said about faulty ones."""

import io
from pathlib import Path
import tempfile
import unittest

from data_pipeline.contracts.faults import ContractError
from data_pipeline.contracts.reading import contract_of, read_contract
from data_pipeline.tests.reader import FIXTURES, nothing_beside
from etl_core.errors import ConfigError
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore

TEXT = (FIXTURES / "grants.yaml").read_text(encoding="utf-8")


class ReadingTest(unittest.TestCase):
    """One contract, changed in one place at a time."""

    def fault(self, old: str, new: str) -> str:
        """Return what is said when a text is replaced."""
        self.assertIn(old, TEXT)
        with self.assertRaises(ContractError) as caught:
            contract_of(TEXT.replace(old, new, 1), "g.yaml", nothing_beside)
        return str(caught.exception)

    def test_contract(self) -> None:
        """Keys in their order, sources, types and the rules of the table."""
        found = contract_of(TEXT, "g.yaml", nothing_beside)

        self.assertEqual("grants", found.dataset)
        self.assertEqual(("recipient", "giver", "purpose"), found.key)
        self.assertEqual(("year",), found.partition)
        self.assertEqual(["granted_on"], [each.column for each in found.order])
        self.assertEqual(
            ("quarantine_row", None), (found.on_violation, found.threshold)
        )
        amount = found.columns[-1]
        self.assertEqual(("Betrag", "DECIMAL(14,2)"), (amount.source, amount.sql_type))
        self.assertEqual(("", "-", "k. A."), amount.nulls)

    def test_faults_name_line_and_column(self) -> None:
        """And say what is known, or what to write."""
        cases = (
            ("version: 1.0.0\n", "", "g.yaml:1:1: version is missing"),
            ("    format: csv", "    format: xls", "g.yaml:10:13: format: input"),
            (
                "    format: csv",
                "    fromat: csv",
                "g.yaml:10:5: 'fromat' is not known",
            ),
            ("encoding: utf-8", "encoding: utf-0", "g.yaml:11:15: 'utf-0' is no encod"),
            ('delimiter: ";"', 'delimiter: ";;"', "g.yaml:12:16: the delimiter"),
            ("{property: nulls", "{property: null", "did you mean 'nulls'?"),
            ("dd.MM.yyyy", "dd.QQ.yyyy", "'QQ' is no part of a date"),
            ("decimal(14,2)", "text", "number is not kept as 'text'"),
            ("value: hash", "value: hide", "sensitivity: input should be 'mask'"),
            ("[granted_on desc]", "[granted desc]", "order names 'granted'"),
            ('value: ","', 'value: "."', "are the same; one has to differ"),
            ("name: kind", "name: year", "'year' stands here twice"),
            (
                "    required: true",
                "    required: perhaps",
                "required: input should be",
            ),
            ("servers:", "servers: [", "not YAML: "),
            ("id: grants", "id: grants\nid: x", "g.yaml:4:1: 'id' stands here twice"),
        )
        for old, new, said in cases:
            with self.subTest(new):
                self.assertIn(said, self.fault(old, new))

    def test_all_faults_are_told(self) -> None:
        """In the order of the file."""
        text = TEXT.replace("utf-8", "utf-0").replace("dd.MM.yyyy", "dd.QQ.yyyy")
        with self.assertRaises(ContractError) as caught:
            contract_of(text, "g.yaml", nothing_beside)

        lines = [fault.line for fault in caught.exception.faults]
        self.assertEqual(2, len(lines))
        self.assertEqual(sorted(lines), lines)

    def test_text_that_repeats_itself(self) -> None:
        """It is a fault, not a program that never ends."""
        nested = "".join(
            f"x{at}: &x{at} [{f'*x{at - 1},' * 9 if at else 1}]\n" for at in range(9)
        )
        bombs = ("a: &a [*a]\n", nested)
        for text in bombs:
            with self.assertRaisesRegex(ContractError, "without end"):
                contract_of(text, "g.yaml", nothing_beside)

    def test_digest(self) -> None:
        """It changes with the meaning, and not with words about it."""
        before = contract_of(TEXT, "g.yaml", nothing_beside).digest
        said = TEXT.replace("version: 1.0.0", "version: 1.0.1\ndescription: {usage: x}")
        meant = TEXT.replace("maximum: 2100", "maximum: 2099")

        self.assertEqual(before, contract_of(said, "x.yaml", nothing_beside).digest)
        self.assertNotEqual(before, contract_of(meant, "g.yaml", nothing_beside).digest)

    def test_lookup_is_part_of_the_meaning(self) -> None:
        """It is read from the file beside the contract."""
        line = "{name: giver,"
        text = TEXT.replace(
            line,
            "{name: giver, customProperties: "
            "[{property: lookup, value: {file: givers.csv, column: name}}],",
        )
        asked: list[str] = []

        def beside(name: str) -> bytes:
            asked.append(name)
            return b"name\nA\nB\nA\n"

        found = contract_of(text, "folder/g.yaml", beside)

        self.assertEqual(["folder/givers.csv"], asked)
        self.assertEqual(("A", "B"), found.columns[1].lookup)
        with self.assertRaisesRegex(ContractError, "the lookup cannot be read"):
            contract_of(text, "g.yaml", nothing_beside)

    def test_places(self) -> None:
        """A local file, or an object."""
        store = FakeStore("bronze")
        store.put(ObjectRef("bronze", "g.yaml"), io.BytesIO(TEXT.encode()))
        self.assertEqual("grants", read_contract("s3://bronze/g.yaml", store).dataset)
        self.assertRaises(ConfigError, read_contract, "/nowhere/c.yaml")
        self.assertRaises(ConfigError, read_contract, "s3://b/c.yaml")
        self.assertRaises(ConfigError, read_contract, "s3://", store)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "c.yaml"
            path.write_bytes(b"\xff")
            self.assertRaisesRegex(ConfigError, "UTF-8", read_contract, str(path))


if __name__ == "__main__":
    unittest.main()
