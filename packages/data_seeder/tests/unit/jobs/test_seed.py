"""The job ``seed`` on a store and tables in memory."""

from contextlib import redirect_stdout
import io
import json
import os
from pathlib import Path
import tempfile
from typing import Any
import unittest
from unittest import mock

from data_seeder.generation.tables import AGENCY, ATTACHMENT, DOCUMENT, USER
from data_seeder.jobs.seed import entrypoint
from data_seeder.services import ServiceHandler
from data_seeder.tests.fakes import FakeTables
from etl_core.calls import CallCounter
from etl_core.errors import (
    BucketMissing,
    ConfigError,
    DataError,
    ReconciliationError,
    TransientError,
)
from etl_core.runs.lease import LeaseTimes
from etl_core.testing.store import FakeStore

COUNTS = ("--agencies=2", "--users=4", "--documents=40", "--attachments=120")
BUCKET = "--source-bucket=uploads"
ROWS = 2 + 4 + 40 + 120


class SeedTest(unittest.TestCase):
    """An empty database and an empty bucket."""

    def setUp(self) -> None:
        """Make both."""
        self.calls = CallCounter()
        self.store = FakeStore("uploads", hook=self.calls)
        self.tables = FakeTables()

    def start(self, *argv: str, **environ: str) -> tuple[int, dict[str, Any]]:
        """Run the job; return its exit code and what it printed."""
        lease = LeaseTimes(wait=0.0, background=False)
        services = ServiceHandler(self.store, self.tables, self.calls, lease)
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            redirect_stdout(io.StringIO()) as printed,
        ):
            code = entrypoint([*COUNTS, "--output=json", *argv], services)
        return code, json.loads(printed.getvalue())

    def objects(self) -> dict[str, bytes]:
        """Return the objects of attachments."""
        return self.store.bodies("uploads", "uploads/")

    def test_rows_alone(self) -> None:
        """Without a bucket every table is filled, and nothing else is asked for."""
        code, result = self.start()
        tables = {"rows": ROWS, "written": ROWS, "unchanged": 0}
        expected = {"job": "seed", "status": "reconciled", "tables": tables}
        self.assertEqual((0, expected), (code, result))
        counts = {table: len(rows) for table, rows in self.tables.lines.items()}
        self.assertEqual({AGENCY: 2, USER: 4, DOCUMENT: 40, ATTACHMENT: 120}, counts)
        self.assertEqual({}, self.calls.totals("s3"))

    def test_ids_of_rows_are_never_given_out(self) -> None:
        """Every sequence is moved, parents before children."""
        self.start()
        self.assertEqual([AGENCY, USER, DOCUMENT, ATTACHMENT], self.tables.moved)

    def test_objects_are_those_of_the_rows(self) -> None:
        """Every stored attachment that is not left out has its bytes in the bucket."""
        code, result = self.start(BUCKET, "--clean")
        self.assertEqual((0, 120, 120), (code, result["listed"], result["done"]))
        self.assertEqual(ROWS, result["tables"]["written"])
        self.assertEqual(120, len(self.objects()))

    def test_seeding_twice_changes_nothing(self) -> None:
        """The second start writes no row and no object."""
        self.start(BUCKET)
        rows, objects = json.dumps(str(self.tables.lines)), self.objects()
        code, result = self.start(BUCKET)
        self.assertEqual((0, 0), (code, result["done"]))
        self.assertEqual(ROWS, result["tables"]["unchanged"])
        self.assertEqual(rows, json.dumps(str(self.tables.lines)))
        self.assertEqual(objects, self.objects())

    def test_odd_attachments_are_accounted_for(self) -> None:
        """What has no object is skipped, with its reason, and the run is green."""
        counts = ("--users=30", "--documents=900", "--attachments=2700")
        code, result = self.start(BUCKET, *counts)
        self.assertEqual((0, 2700), (code, result["done"] + result["skipped"]))
        reasons = {f"skipped: {it}" for it in ("deleted", "pending", "left_out")}
        self.assertLessEqual(reasons, set(result["reasons"]))
        self.assertEqual(result["done"], len(self.objects()))

    def test_dry_run_changes_nothing(self) -> None:
        """It says how many rows and objects are not there yet."""
        code, result = self.start(BUCKET, "--clean", "--dry-run")
        self.assertEqual((0, "planned"), (code, result["status"]))
        expected = {"rows": ROWS, "to_write": ROWS, "there": 0}
        self.assertEqual(expected, result["tables"])
        self.assertEqual(120, result["listed"])
        self.assertEqual({}, self.objects())
        self.assertFalse(any(self.tables.lines.values()))

    def test_dry_run_of_rows_alone(self) -> None:
        """It plans as well."""
        _, result = self.start("--dry-run")
        self.assertEqual("planned", result["status"])

    def test_rows_that_name_a_bucket(self) -> None:
        """The rows name the bucket, which stays empty."""
        self.start(BUCKET, "--rows-only")
        self.assertEqual({}, self.objects())

    def test_the_bucket_may_be_a_variable(self) -> None:
        """The same variable as for the job that copies."""
        _, result = self.start(ETL_SOURCE_BUCKET="uploads")
        self.assertEqual(120, result["listed"])

    def test_other_rows_are_not_touched(self) -> None:
        """Rows of another seed stop the start, which says what to do."""
        self.start("--seed=8")
        before = str(self.tables.lines)
        with self.assertRaisesRegex(ConfigError, "ids 1 to 40: 40 rows .*empty data"):
            self.start()
        self.assertEqual(before, str(self.tables.lines))

    def test_a_missing_bucket_is_found_before_any_row(self) -> None:
        """A typing error leaves nothing behind."""
        with self.assertRaises(BucketMissing):
            self.start("--source-bucket=nowhere")
        self.assertFalse(any(self.tables.lines.values()))

    def test_a_range_written_by_another_start_is_taken(self) -> None:
        """Of two starts at once one finds the rows of the other."""
        answers = iter([DataError("duplicate key")])

        def overtake() -> None:
            """Let the other one win once."""
            self.tables.on_write = lambda: None
            self.start()
            raise next(answers)

        self.tables.on_write = overtake
        _, result = self.start()
        self.assertEqual(ROWS, result["tables"]["unchanged"])

    def test_a_lost_connection_is_made_anew(self) -> None:
        """What fails for now is tried again, and not written twice."""
        answers = iter([TransientError("gone"), TransientError("gone again")])

        def fail() -> None:
            """Fail twice."""
            for error in answers:
                raise error

        self.tables.on_write = fail
        with mock.patch("time.sleep"):
            _, result = self.start()
        self.assertEqual(ROWS, result["tables"]["written"])

    def test_rows_that_vanish_are_noticed(self) -> None:
        """The tables are counted, whatever was written."""
        with (
            mock.patch.object(FakeTables, "count", return_value=1),
            self.assertRaisesRegex(ReconciliationError, "holds 1 of the 2 rows"),
        ):
            self.start()

    def test_chosen_units_and_a_limit(self) -> None:
        """Only those objects are written, and the rows all the same."""
        with tempfile.TemporaryDirectory() as folder:
            units = Path(folder, "units.ndjson")
            units.write_text('"attachment_id=3"\n"attachment_id=70"\n')
            _, result = self.start(BUCKET, "--clean", f"--units={units}")
            self.assertEqual((2, 2), (result["listed"], len(self.objects())))
            units.write_text('"document=3"\n')
            with self.assertRaisesRegex(ConfigError, "'document=3' is no unit"):
                self.start(BUCKET, f"--units={units}")
        _, result = self.start(BUCKET, "--clean", "--limit=5")
        self.assertEqual(5, result["listed"])

    def test_what_cannot_be_asked_for(self) -> None:
        """Each is refused with the option to mend."""
        for argv, words in (
            (("--agencies=9",), "--users: every agency has one"),
            (("--shard=0/2",), "no --shard"),
            (("--from=2026-01-01",), "no --from"),
        ):
            with self.subTest(argv), self.assertRaisesRegex(ConfigError, words):
                self.start(*argv)


if __name__ == "__main__":
    unittest.main()
