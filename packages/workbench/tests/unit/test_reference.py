"""The reference pages say what the code does."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
import io
import json
import os
from pathlib import Path
import re
import tempfile
from typing import Any
import unittest
from unittest import mock

from data_pipeline.jobs import get_s3_files
from data_pipeline.processors.get_s3_files import MANIFEST_ATTRIBUTES
from etl_core.calls import CallCounter
from etl_core.errors import ConfigError
from etl_core.metrics import RunMetrics
from etl_core.options import RunOptions
from etl_core.processors.copies import CopyEffect
from etl_core.processors.manifest import COLUMNS, CsvManifest
from etl_core.runs.index import IndexEntry
from etl_core.runs.lease import LeaseTimes
from etl_core.runs.run import RunSpec
from etl_core.runs.runner import JobParts, Runner
from etl_core.runs.units import Destination, Line, Outcome, Reason, Source, Unit
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore
from workbench.reference import main, pages, Reference, ROOT

BUCKET = "etl-bronze"
LEDGER = "docs/reference/ledger.md"
CODE = re.compile(r"`([^`]+)`")


class OneFile:
    """Units of one file."""

    @contextmanager
    def snapshot(self) -> Iterator["OneFile"]:
        """Be the snapshot as well."""
        yield self

    def count(self) -> int:
        """Count the file."""
        return 1

    def units(self) -> Iterator[Unit]:
        """Yield the file."""
        yield Unit("one", ObjectRef("app-files", "one"), "one", "fingerprint", 3)


def run_once(store: FakeStore, options: RunOptions) -> dict[str, Any]:
    """Copy one file and return the result."""
    calls = CallCounter()
    parts = JobParts(OneFile(), CopyEffect(store), CsvManifest)
    spec = RunSpec("job", "1", BUCKET, "", {}, {})
    lease = LeaseTimes(background=False)
    return Runner(store, options, calls, lease=lease).run(spec, parts)


def section(page: str, title: str) -> str:
    """Return the part of a page below a heading of the second level."""
    text = (ROOT / page).read_text()
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def named(page: str, title: str) -> set[str]:
    """Return what the first column of the tables of a section names."""
    rows = re.findall(r"^\| ([^|]+) \|", section(page, title), re.MULTILINE)
    return {name for row in rows for name in CODE.findall(row)}


class GeneratedTest(unittest.TestCase):
    """The generated parts."""

    def test_fresh(self) -> None:
        """No page is stale; mend: python -m workbench.reference."""
        with redirect_stdout(io.StringIO()) as printed:
            status = main(["--check"])
        self.assertEqual((0, ""), (status, printed.getvalue()))

    def test_environment_does_not_matter(self) -> None:
        """The tables are the same where variables are set."""
        names = [name for name in Reference(ROOT).parts if "option" in name]
        with mock.patch.dict(os.environ, clear=True):
            plain = [Reference(ROOT).parts[name]() for name in names]
        found = {"ETL_AGENCY_ID": "10", "ETL_LOG_LEVEL": "error"}
        with mock.patch.dict(os.environ, found, clear=True):
            self.assertEqual(plain, [Reference(ROOT).parts[name]() for name in names])


class CommandTest(unittest.TestCase):
    """The command over a small repository."""

    def setUp(self) -> None:
        """Copy the pages that have parts, and the Makefile."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "Makefile").write_text((ROOT / "Makefile").read_text())
        for page in pages(ROOT):
            copy = self.root / page.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = page.read_text().replace("`make demo`", "`make stale`")
            copy.write_text(text)
        for jobs in ROOT.glob("packages/*/jobs"):
            copy = self.root / jobs.relative_to(ROOT)
            copy.mkdir(parents=True)
            (copy / "__init__.py").touch()

    def call(self, *arguments: str) -> tuple[int, str]:
        """Run the command; return its status and what it printed."""
        with redirect_stdout(io.StringIO()) as printed:
            return main([*arguments], self.root), printed.getvalue()

    def test_stale_page(self) -> None:
        """A stale page is named with its mend, and mended."""
        status, printed = self.call("--check")
        self.assertEqual(1, status)
        self.assertIn("docs/reference/make.md is stale; mend: python", printed)
        self.assertEqual((0, ""), self.call())
        self.assertEqual((0, ""), self.call("--check"))

    def test_part_without_a_page(self) -> None:
        """Something that no page shows is a fault, for example a new job."""
        (self.root / "docs/reference/jobs/get_s3_files.md").unlink()
        status, printed = self.call("--check")
        self.assertEqual(1, status)
        self.assertIn("no page shows the part 'options data_pipeline.jobs", printed)

    def test_unknown_part(self) -> None:
        """A part that nothing makes is a fault."""
        page = self.root / "docs/reference/make.md"
        page.write_text("<!-- generated: nothing -->\n<!-- end -->\n")
        status, printed = self.call()
        self.assertEqual(1, status)
        self.assertIn("the part 'nothing' is on a page but nothing makes it", printed)


class LedgerPageTest(unittest.TestCase):
    """The page of the ledger against a run."""

    store: FakeStore
    result: dict[str, Any]

    @classmethod
    def setUpClass(cls) -> None:
        """Run once."""
        cls.store = FakeStore("app-files", BUCKET)
        cls.store.seed(ObjectRef("app-files", "one"), b"one")
        cls.result = run_once(cls.store, RunOptions())

    def state(self, name: str) -> str:
        """Return the only object of the state with this name."""
        [body] = [
            body
            for key, body in self.store.bodies(BUCKET, "_etl/").items()
            if key.endswith(name)
        ]
        return body.decode()

    def test_layout(self) -> None:
        """Every object below _etl/ is on the page."""
        layout = section(LEDGER, "Where everything lies")
        for key in self.store.bodies(BUCKET, "_etl/"):
            name = re.sub(r"=\d+\.", "=<n>.", key.rpartition("/")[2])
            self.assertIn(f" {name} ", layout)

    def test_line(self) -> None:
        """Every field of a line is on the page, and no other."""
        expected = set(Line._fields) - {"source", "destination"}
        expected |= {f"source.{name}" for name in Source._fields}
        expected |= {f"destination.{name}" for name in Destination._fields}
        self.assertEqual(expected, named(LEDGER, "Line of the ledger"))

    def test_reasons(self) -> None:
        """Every outcome and every reason is in the table of reasons."""
        found = set(CODE.findall(section(LEDGER, "Reasons")))
        known = {it.value for it in (*Outcome, *Reason)}
        self.assertLessEqual(known, found)

    def test_result(self) -> None:
        """Every field of the result is on the page, and no other."""
        dry = run_once(self.store, RunOptions(dry_run=True))
        self.assertEqual({*self.result, *dry}, named(LEDGER, "Result"))

    def test_plan_file(self) -> None:
        """Every field of a planned unit is on the page, and no other."""
        dry = run_once(self.store, RunOptions(dry_run=True))
        self.assertEqual(
            {*dry["first_units"][0]}, named(LEDGER, "Line of the plan file")
        )

    def test_manifest(self) -> None:
        """Every column is on the page, and those of the job on its own."""
        columns = set(CODE.findall(section(LEDGER, "Manifest"))) - {"manifest.csv"}
        self.assertEqual(set(COLUMNS), columns)
        own = section("docs/reference/jobs/get_s3_files.md", "Manifest")
        self.assertLessEqual(set(MANIFEST_ATTRIBUTES), set(CODE.findall(own)))

    def test_index(self) -> None:
        """Every field of an index entry is on the page, in its order."""
        found = CODE.findall(section(LEDGER, "Line of the index"))
        self.assertEqual(list(IndexEntry._fields), found)

    def test_records(self) -> None:
        """Every field of the two records is on the page."""
        run = {*json.loads(self.state("run.json")), "by"}
        self.assertEqual(run, named(LEDGER, "run.json"))
        lease = set(json.loads(self.state("lease.json")))
        self.assertEqual(lease, named(LEDGER, "lease.json"))


class PagesTest(unittest.TestCase):
    """Facts on further pages."""

    def test_metrics(self) -> None:
        """Every metric is on the page."""
        metrics = RunMetrics("job")
        metrics.finish(1.0, succeeded=True)
        page = (ROOT / "docs/reference/log-fields.md").read_text()
        for family in metrics.registry.collect():
            total = "_total" if family.type == "counter" else ""
            self.assertIn(f"`{family.name}{total}`", page)

    def test_required_options(self) -> None:
        """The page of the job names the options that are required."""
        page = (ROOT / "docs/reference/jobs/get_s3_files.md").read_text()
        [required] = re.findall(r"^(.+) are required, as options", page, re.MULTILINE)
        with (
            mock.patch.dict(os.environ, clear=True),
            self.assertRaises(ConfigError) as caught,
        ):
            get_s3_files.parser().parse_args([])
        for flag in CODE.findall(required):
            self.assertIn(flag, str(caught.exception))
        self.assertEqual(3, str(caught.exception).partition(" (see")[0].count("--"))


if __name__ == "__main__":
    unittest.main()
