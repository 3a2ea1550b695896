"""The verbs that operate on runs, as processes, on the runs of the real job."""

from typing import Any
import unittest

from data_pipeline.s3.keys import attachment_key
from data_pipeline.tests.integration.place import DISPATCHER, JobTestCase
from data_pipeline.tests.seeds import attachment
from etl_core.errors import ExitCode


class OperateRunsTest(JobTestCase):
    """Three attachments in place, two whose object is missing, and their run."""

    def setUp(self) -> None:
        """Run the job."""
        super().setUp()
        for number in (1, 2, 3):
            self.store(number, b"content")
        self.add(*(attachment(number, size_bytes=4) for number in (4, 5)))
        self.first = self.run_job("--concurrency", "4", code=ExitCode.QUARANTINED)
        self.run_id = self.first["run_id"]

    def verb(self, *argv: str, code: int = 0, **environ: str | None) -> dict[str, Any]:
        """Call a verb for programs and return what it wrote."""
        ended = self.start_by([DISPATCHER, *argv, "--json"], **environ)
        self.assertEqual(code, ended.code, ended.stderr)
        return ended.result

    def key(self, number: int) -> str:
        """Return the destination key of an attachment."""
        return attachment_key("", attachment(number))

    def explained(self, number: int) -> dict[str, Any]:
        """Return why the copy of an attachment is there, or is not."""
        uri = f"s3://{self.destination}/{self.key(number)}"
        return self.verb("explain", uri, ETL_DESTINATION_BUCKET=None)

    def test_runs_and_show(self) -> None:
        """What ran, and what it did."""
        [row] = self.verb("runs", "--job", "get_s3_files")["runs"]
        self.assertEqual((self.run_id, "closed"), (row["run_id"], row["status"]))
        shown = self.verb("show", self.run_id[:-3])
        self.assertEqual(["--agency-id=10", "--concurrency=4"], shown["arguments"][-2:])
        self.assertIn(f"--source-bucket={self.source}", shown["arguments"])
        self.assertEqual(self.first["manifest"], shown["files"]["manifest"])
        self.assertGreater(shown["slowest"][0]["seconds"], 0)

    def test_explain(self) -> None:
        """A copy that was made, one that could not be, and one that has no row."""
        made = self.explained(1)
        self.assertEqual(
            ("made", "attachment_id=1", self.run_id),
            (made["status"], made["unit"], made["run_id"]),
        )
        self.assertEqual("quarantined", self.explained(4)["status"])
        self.assertEqual("no_row", self.explained(6)["status"])

    def test_replay(self) -> None:
        """Only what was quarantined is copied, once its object is there."""
        before = self.copies()
        planned = self.verb("replay", self.run_id, "--dry-run")
        self.assertEqual((2, 2), (planned["listed"], planned["to_do"]))
        self.assertEqual(before, self.copies())
        self.put(self.source, attachment(4).object_key, b"late")
        second = self.verb("replay", self.run_id, code=ExitCode.QUARANTINED)
        self.assert_counts(second, done=1, quarantined=1)
        self.assertEqual(1, second["requests"]["CopyObject"] - second["quarantined"])
        self.put(self.source, attachment(5).object_key, b"late")
        third = self.verb("replay", second["run_id"], "--reason", "source_missing")
        self.assert_counts(third, done=1)
        self.assertEqual(len(before) + 2, len(self.copies()))
        rows = self.verb("runs")["runs"]
        self.assertEqual(
            [second["run_id"], self.run_id, None], [row["parent"] for row in rows]
        )
        self.assert_counts(self.run_job(), unchanged=5)

    def test_command_of_an_explanation_works(self) -> None:
        """It can be copied as it stands."""
        self.put(self.source, attachment(4).object_key, b"late")
        self.put(self.source, attachment(5).object_key, b"late")
        command = self.explained(4)["replay"].split()
        self.assertEqual("data-pipeline", command[0])
        self.assertEqual(2, self.verb(*command[1:])["done"])

    def test_verify(self) -> None:
        """Agrees at first; then one is missing, one changed and one too many."""
        self.assertEqual("agrees", self.verb("verify", self.run_id)["status"])
        self.client.delete_object(Bucket=self.destination, Key=self.key(1))
        self.put(self.destination, self.key(2), b"CONTENT")
        self.put(self.destination, f"{self.key(3)}.bak", b"x")
        found = self.verb("verify", self.run_id, code=ExitCode.DATA)
        self.assertEqual(
            (1, 1, 1), (found["missing"], found["changed"], found["extra"])
        )

    def test_prune(self) -> None:
        """The first run goes when its quarantine was judged again, and nothing else."""
        self.verb("replay", self.run_id, code=ExitCode.QUARANTINED)
        copies = self.copies()
        planned = self.verb("prune", "--keep", "0s", "--dry-run")
        self.assertEqual([self.run_id], [row["run_id"] for row in planned["runs"]])
        self.assertEqual(2, len(self.verb("runs")["runs"]))
        self.assertEqual(planned["objects"], self.verb("prune", "--keep=0s")["objects"])
        self.assertEqual(1, len(self.verb("runs")["runs"]))
        self.assertEqual(copies, self.copies())
        self.assert_counts(
            self.run_job(code=ExitCode.QUARANTINED), unchanged=3, quarantined=2
        )

    def test_unknown_run(self) -> None:
        """One line, with a close name, and exit code 2."""
        for verb in ("show", "verify", "replay"):
            wrong = f"{self.run_id[:-1]}!"
            ended = self.start_by([DISPATCHER, verb, wrong])
            with self.subTest(verb):
                self.assertEqual((ExitCode.USAGE, ""), (ended.code, ended.stdout))
                self.assertIn(f"did you mean {self.run_id}", ended.stderr)
                self.assertEqual(1, ended.stderr.count("\n"))


if __name__ == "__main__":
    unittest.main()
