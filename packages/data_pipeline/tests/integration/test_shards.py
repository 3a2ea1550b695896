"""The pods of an Indexed Job as processes: killed at random, they make one run."""

from concurrent.futures import ThreadPoolExecutor
import random
import signal
import subprocess
from typing import Any
import unittest

from data_pipeline.tests.integration.live import LiveTestCase
from data_pipeline.tests.integration.place import DISPATCHER, Ended, RUN
from data_pipeline.tests.seeds import AGENCY, attachment, BODY
from etl_core.errors import ExitCode
from etl_core.support.shards import shard_of

COUNT = 4
RUN_ID = "copy-agency-10-4f1c"
KILLS = 2
MISSING = 25


class ShardsTest(LiveTestCase):
    """Twenty-four attachments, one without its object, and four shards."""

    UNITS = 24

    def setUp(self) -> None:
        """Add the one, and make the store slow enough to be killed in the middle."""
        super().setUp()
        self.add(attachment(MISSING))
        self.slow(0.02)

    def pod(self, index: int) -> "subprocess.Popen[str]":
        """Start one shard as a pod of an Indexed Job is started."""
        return self.launch(
            JOB_COMPLETION_INDEX=str(index),
            JOB_COMPLETIONS=str(COUNT),
            ETL_RUN_ID=RUN_ID,
        )

    def complete(self, index: int) -> Ended:
        """Kill a shard a few times, at moments that nobody chose, and let it end."""
        chance = random.Random(index)  # noqa: S311 (no secret)
        for _ in range(KILLS):
            process = self.pod(index)
            try:
                process.wait(chance.uniform(0.3, 2.0))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        return self.ended(self.pod(index))

    def verb(self, *argv: str, code: int = 0) -> dict[str, Any]:
        """Call a verb for programs and return what it wrote."""
        ended = self.start_by([DISPATCHER, *argv, "--json"])
        self.assertEqual(code, ended.code, ended.stderr)
        return ended.result

    def test_killed_shards_make_one_run(self) -> None:
        """It reconciles, agrees with the bucket, and its quarantine is replayed."""
        with ThreadPoolExecutor(COUNT) as pool:
            ended = list(pool.map(self.complete, range(COUNT)))
        bad = shard_of(str(MISSING), COUNT)
        for index, pod in enumerate(ended):
            expected = ExitCode.QUARANTINED if index == bad else ExitCode.OK
            self.assertEqual(expected, pod.code, pod.stderr)
        shown = self.verb("show", RUN_ID)
        self.assertEqual("closed", shown["status"])
        self.assertEqual(["closed"] * COUNT, [it["status"] for it in shown["shards"]])
        self.assertEqual(
            (self.UNITS + 1, self.UNITS, 1),
            (shown["listed"], shown["done"], shown["quarantined"]),
        )
        self.assertEqual(
            shown["listed"], sum(it["units"] for it in shown["reasons"]), shown
        )
        self.assertEqual(self.UNITS, len(self.copied()))
        verified = self.verb("verify", RUN_ID)
        self.assertEqual(
            ("agrees", self.UNITS + 1), (verified["status"], verified["units"])
        )
        self.put(self.source, attachment(MISSING).object_key, BODY)
        replayed = self.verb("replay", RUN_ID)
        self.assert_counts(replayed, done=1)

    def test_other_number_of_shards_is_refused(self) -> None:
        """While one is at work; exit code 2 ends the whole Job."""
        process = self.pod(0)
        self.wait_for_copies(1)
        process.send_signal(signal.SIGSTOP)
        command = [*RUN, "--agency-id", str(AGENCY), "--shard", "1/3"]
        self.assert_error(self.start_by(command), 2, "shard 0/4 .* is at work")
        process.send_signal(signal.SIGCONT)
        self.assertIn(self.ended(process).code, (0, 3))


if __name__ == "__main__":
    unittest.main()
