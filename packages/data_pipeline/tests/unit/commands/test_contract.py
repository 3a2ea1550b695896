"""Tests of the verb ``contract``."""

from contextlib import redirect_stdout
import gzip
import io
import json
from pathlib import Path
import tempfile
import unittest

from data_pipeline.commands.contract import command
from data_pipeline.contracts.reading import contract_of
from data_pipeline.tests.reader import FIXTURES, nothing_beside
from etl_core.errors import ConfigError
from etl_core.registry import Program
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore

PROGRAM = Program("data_pipeline.jobs", "get_s3_files")
GRANTS = str(FIXTURES / "grants.yaml")


class ContractCommandTest(unittest.TestCase):
    """Each action, called as people do."""

    def setUp(self) -> None:
        """Make a folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = FakeStore("bronze")

    def call(self, *argv: str) -> tuple[int, str]:
        """Return the exit code and what was printed."""
        out = io.StringIO()
        with redirect_stdout(out):
            code = command(PROGRAM, list(argv), self.store)
        return code, out.getvalue()

    def faulty(self) -> str:
        """Return a contract with two faults."""
        text = Path(GRANTS).read_text(encoding="utf-8")
        path = self.folder / "bad.yaml"
        text = text.replace("dd.MM.yyyy", "dd.QQ.yyyy").replace("utf-8", "utf-0")
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_check(self) -> None:
        """A line for each fault, and exit code 2; the good one has its digest."""
        bad = self.faulty()
        code, out = self.call("check", GRANTS, bad)

        lines = out.splitlines()
        self.assertEqual(2, code)
        self.assertRegex(
            lines[0], r"grants.yaml: grants, 8 columns, digest [0-9a-f]{12}$"
        )
        self.assertTrue(lines[1].startswith(f"{bad}:11:15: "), lines[1])
        self.assertEqual(3, len(lines))
        self.assertEqual(0, self.call("check", GRANTS)[0])

    def test_diff(self) -> None:
        """Exit code 65 when somebody is broken, 0 when nobody is."""
        text = Path(GRANTS).read_text(encoding="utf-8")
        new = self.folder / "new.yaml"
        new.write_text(text.replace("i32", "i16"), encoding="utf-8")

        self.assertEqual(
            (0, "nothing that matters is different\n"),
            self.call("diff", GRANTS, GRANTS),
        )
        code, out = self.call("diff", GRANTS, str(new), "--json")
        self.assertEqual((65, True), (code, json.loads(out)["breaks"]))

    def test_show_sql(self) -> None:
        """The statement that the job runs."""
        code, out = self.call("show-sql", GRANTS, "--file", "x.csv")

        self.assertEqual(0, code)
        self.assertTrue(out.startswith("WITH bronze AS (\n"), out)
        self.assertIn("read_csv('x.csv'", out)
        self.assertIn('"amount:raw"', out)

    def test_schema(self) -> None:
        """It goes to a file that is not there yet."""
        path = self.folder / "contract.schema.json"
        self.assertEqual((0, ""), self.call("schema", "--to", str(path)))
        self.assertIn("properties", json.loads(path.read_text()))
        with self.assertRaisesRegex(ConfigError, "exists"):
            self.call("schema", "--to", str(path))

    def test_infer_from_an_object(self) -> None:
        """The first one with bytes, unpacked, gives a contract that can be read."""
        lines = [
            f"{at};0{at};{at}.000,5{at} €;{at + 10}.02.2025;n/a;{at}@x.org;a b"
            for at in range(1, 10)
        ]
        data = "\n".join(
            ["Nr;PLZ;Betrag in EUR;Datum;leer;Mail;Text", *lines, "cut;off"]
        )
        self.store.put(ObjectRef("bronze", "in/0"), io.BytesIO())
        self.store.put(
            ObjectRef("bronze", "in/a.csv.gz"),
            io.BytesIO(gzip.compress(data.encode("cp1252"))),
        )
        code, out = self.call("infer", "s3://bronze/in/", "--name", "Grants 2025")

        found = contract_of(out, "proposed", nothing_beside)
        self.assertEqual((0, "grants_2025"), (code, found.dataset))
        self.assertEqual(
            ("cp1252", ";"), (found.reading.encoding, found.reading.delimiter)
        )
        self.assertEqual(
            [
                "BIGINT",
                "VARCHAR",
                "DECIMAL(18,2)",
                "DATE",
                "VARCHAR",
                "VARCHAR",
                "VARCHAR",
            ],
            [column.sql_type for column in found.columns],
        )
        self.assertEqual("betrag_in_eur", found.columns[2].name)
        self.assertEqual(("", "n/a"), found.columns[4].nulls)
        self.assertEqual("email", found.columns[5].texts.format)

    def test_infer_from_json_lines(self) -> None:
        """Inner fields are columns; a time with an offset is a moment."""
        path = str(FIXTURES / "events.jsonl")
        target = self.folder / "events.yaml"
        self.assertEqual(0, self.call("infer", path, "--to", str(target))[0])

        found = contract_of(target.read_text(encoding="utf-8"), "e", nothing_beside)
        self.assertEqual("jsonl", found.reading.format)
        self.assertIn("actor.login", [column.source for column in found.columns])

    def test_mistakes(self) -> None:
        """One line that says what to do."""
        cases = (
            ("chek", "did you mean 'check'"),
            ("infer /nowhere", "there is no such file"),
            ("infer s3://bronze/none/", "nothing lies there"),
            ("check /nowhere.yaml", "No such file"),
            ("diff /nowhere.yaml", "diff takes 2 files"),
            ("check", "check takes one or more files"),
        )
        for argv, said in cases:
            with self.assertRaisesRegex(ConfigError, said):
                self.call(*argv.split())


if __name__ == "__main__":
    unittest.main()
