"""The job as the dispatcher starts it, on a store in memory."""

from contextlib import redirect_stdout
import io
import json
from typing import Any
import unittest

from data_pipeline.jobs.compact_silver import entrypoint, JOB, parser
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.silver_stand import SilverPlace
from etl_core.errors import ConfigError, ExitCode


class JobTest(unittest.TestCase):
    """A table of two commits."""

    def setUp(self) -> None:
        """Commit twice."""
        self.place = SilverPlace()
        for name in ("a", "b"):
            self.place.put(name, f"{name},n,1,x")
            self.place.run()

    def start(self, *more: str) -> tuple[int, dict[str, Any]]:
        """Start the job; return exit code and result."""
        printed = io.StringIO()
        arguments = ["--destination=s3://silver/table", "--output=json", *more]
        with redirect_stdout(printed):
            code = entrypoint(arguments, ServiceHandler(self.place.store))
        return code, json.loads(printed.getvalue())

    def test_compaction(self) -> None:
        """Two files become one; the rows stay."""
        before = self.place.rows()
        code, result = self.start()
        self.assertEqual((ExitCode.OK, "compacted"), (code, result["status"]))
        self.assertEqual((2, 1), (result["merged_files"], result["files"]))
        self.assertEqual(before, self.place.rows())

    def test_dry_run(self) -> None:
        """A dry run changes nothing."""
        before = dict(self.place.store.buckets["silver"])
        _, result = self.start("--dry-run")
        self.assertEqual(("planned", 2), (result["status"], result["merged_files"]))
        self.assertEqual(before, self.place.store.buckets["silver"])

    def test_no_table(self) -> None:
        """Where no table is, nothing is done."""
        _, result = self.start("--destination=s3://silver/other")
        self.assertEqual((-1, 0), (result["table_version"], result["files"]))

    def test_bad_arguments(self) -> None:
        """A retention that takes files from a running job is refused."""
        wrong = (["--retention=10m"], ["--destination=s3://silver"], ["--limit=5"])
        for more in wrong:
            with self.subTest(more), self.assertRaises(ConfigError):
                self.start(*more)

    def test_job(self) -> None:
        """The literal names the entry point; the help begins with examples."""
        self.assertIs(entrypoint, JOB[0])
        self.assertIn("compact_silver -- --destination", parser().format_help())


if __name__ == "__main__":
    unittest.main()
