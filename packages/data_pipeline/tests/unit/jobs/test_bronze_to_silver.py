"""The job as the dispatcher starts it, on a store in memory."""

from contextlib import redirect_stdout
import io
import json
import tempfile
from typing import Any
import unittest

from data_pipeline.jobs.bronze_to_silver import entrypoint, JOB, parser
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.silver_stand import LINES_CONTRACT
from etl_core.errors import BucketMissing, ConfigError, DataError, ExitCode
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.testing.worlds import virtual_lease

HEADER = b"id,region,seq,v\n"
PLACES = ("--source=s3://bronze/in", "--destination=s3://silver/table")


class JobTest(unittest.TestCase):
    """Three bronze files and no table."""

    def setUp(self) -> None:
        """Write the files."""
        self.store = FakeStore("bronze", "silver")
        self.put("in/a.csv", b"1,n,1,one\n2,s,1,two\n")
        self.put("in/b.csv", b"1,n,2,newer\n3,s,bad,three\n")

    def put(
        self, key: str, lines: bytes, modified: str = "2026-01-01T00:00:00"
    ) -> None:
        """Write a bronze object."""
        place = ObjectRef("bronze", key)
        self.store.seed(place, HEADER + lines, modified=modified)

    def start(self, *more: str) -> tuple[int, dict[str, Any]]:
        """Start the job; return exit code and result."""
        services = ServiceHandler(self.store, lease=virtual_lease())
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = entrypoint(
                [f"--contract={LINES_CONTRACT}", *PLACES, "--output=json", *more],
                services,
            )
        return code, json.loads(printed.getvalue())

    def test_table(self) -> None:
        """Good rows are in the table, each row is accounted for."""
        code, result = self.start()
        self.assertEqual((ExitCode.OK, "reconciled"), (code, result["status"]))
        self.assertEqual(
            {"in": 4, "silver": 2, "duplicates": 1, "quarantined": 1, "elsewhere": 0},
            result["rows"],
        )
        self.assertEqual({"seq: not_an_integer": 1}, result["row_reasons"])
        self.assertEqual(0, result["table_version"])

    def test_again(self) -> None:
        """A second start finds all units unchanged."""
        self.start()
        _, result = self.start()
        self.assertEqual((0, 2), (result["done"], result["unchanged"]))

    def test_dry_run(self) -> None:
        """A dry run changes nothing."""
        code, result = self.start("--dry-run")
        self.assertEqual((ExitCode.OK, "planned", 2), (code, *_of(result)))
        self.assertEqual({}, self.store.buckets["silver"])

    def test_file_that_is_refused(self) -> None:
        """A file that is no text quarantines its unit: exit code 3, or accepted."""
        self.store.seed(ObjectRef("bronze", "in/c.csv"), b"\x00\x01\x02")
        code, result = self.start()
        self.assertEqual((ExitCode.QUARANTINED, 1), (code, result["quarantined"]))
        self.assertIn("quarantined: not_text", result["reasons"])
        self.assertEqual(ExitCode.OK, self.start("--accept=not_text")[0])

    def test_since(self) -> None:
        """Only objects written since then are units; a later run takes the others."""
        self.put("in/c.csv", b"9,n,1,nine\n", "2026-03-01T00:00:00")
        _, result = self.start("--since=2026-03-01")
        self.assertEqual((1, 1), (result["listed"], result["rows"]["silver"]))
        _, result = self.start()
        self.assertEqual((2, 1), (result["done"], result["unchanged"]))

    def test_from_and_to(self) -> None:
        """A half open range of times chooses units as well."""
        self.put("in/c.csv", b"9,n,1,nine\n", "2026-03-01T00:00:00")
        _, result = self.start("--from=2026-01-01", "--to=2026-03-01")
        self.assertEqual(2, result["listed"])

    def test_units(self) -> None:
        """Unit keys name the only objects to process."""
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
            file.write('"s3://bronze/in/b.csv"\n')
            file.flush()
            _, result = self.start(f"--units={file.name}")
        self.assertEqual((1, 2), (result["listed"], result["rows"]["in"]))

    def test_what_is_no_file(self) -> None:
        """Folders and markers are skipped with their reason; our own is not listed."""
        self.store.seed(ObjectRef("bronze", "in/_SUCCESS"), b"")
        self.store.seed(ObjectRef("bronze", "in/sub/"), b"")
        self.store.seed(ObjectRef("bronze", f"in/{'x' * 950}.csv"), b"")
        _, result = self.start()
        self.assertEqual(3, result["skipped"])
        self.assertEqual(
            ["skipped: folder", "skipped: key_too_long", "skipped: marker"],
            sorted(it for it in result["reasons"] if it.startswith("skipped")),
        )

    def test_one_bucket(self) -> None:
        """Bronze and silver may be in one bucket, also one below the other."""
        places = ("--source=s3://bronze", "--destination=s3://bronze/in/table")
        for _ in range(2):
            _, result = self.start(*places)
        self.assertEqual((2, 2), (result["listed"], result["unchanged"]))

    def test_missing_bucket(self) -> None:
        """A bucket that is not there is said before anything else."""
        with self.assertRaises(BucketMissing):
            self.start("--destination=s3://gone/table")

    def test_missing_contract(self) -> None:
        """A contract that is not there is an operator's error."""
        with self.assertRaises(ConfigError):
            self.start("--contract=/nowhere/orders.yaml")

    def test_contract_on_s3(self) -> None:
        """The contract may lie in a bucket."""
        self.store.seed(ObjectRef("bronze", "lines.yaml"), LINES_CONTRACT.read_bytes())
        _, result = self.start("--contract=s3://bronze/lines.yaml")
        self.assertEqual(2, result["done"])

    def test_plain_parquet(self) -> None:
        """Plain files have a manifest instead of a log."""
        self.start("--table-format=parquet")
        self.assertIn("table/_manifest.json", self.store.buckets["silver"])

    def test_shards(self) -> None:
        """Shards with one run id are one run, which has every row once."""
        sums = dict.fromkeys(("silver", "duplicates", "quarantined"), 0)
        for index in range(2):
            _, result = self.start(f"--shard={index}/2", "--run-id=nightly")
            for name in sums:
                sums[name] += result["rows"][name]
        self.assertEqual({"silver": 2, "duplicates": 1, "quarantined": 1}, sums)
        self.assertIsNotNone(result["all_shards"])

    def test_bad_arguments(self) -> None:
        """Arguments that no run could use are an operator's error."""
        for more in (
            ["--destination=s3://silver"],
            ["--destination=s3://silver/_etl/x"],
            ["--since=1d", "--from=2026-01-01"],
            ["--memory-limit=plenty"],
            ["--batch-bytes=0"],
            ["--table-format=csv"],
        ):
            with self.subTest(more), self.assertRaises(ConfigError):
                self.start(*more)

    def test_memory_limit_that_does_not_suffice(self) -> None:
        """An engine without memory says which option to raise."""
        with self.assertRaisesRegex(ConfigError, "--memory-limit"):
            self.start("--memory-limit=1KB")

    def test_too_many_quarantined(self) -> None:
        """More refused files than allowed stop the run with exit code 65."""
        for number in range(3):
            self.store.seed(ObjectRef("bronze", f"in/{number}"), b"\0")
        with self.assertRaises(DataError):
            self.start("--max-quarantined=1")

    def test_job(self) -> None:
        """The literal names the entry point; the help begins with examples."""
        self.assertIs(entrypoint, JOB[0])
        self.assertIn("bronze_to_silver -- --contract", parser().format_help())


def _of(result: dict[str, Any]) -> tuple[str, int]:
    """Return the status and the number of units of a result."""
    return result["status"], result["listed"]


if __name__ == "__main__":
    unittest.main()
