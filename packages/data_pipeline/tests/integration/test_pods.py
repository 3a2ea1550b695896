"""The containers of generated manifests as processes: killed, hung, and divided."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import random
import signal
import subprocess
import tempfile
import unittest

from data_pipeline.tests.integration.place import DISPATCHER, Ended, RUN
from data_pipeline.tests.integration.pods import PodTestCase, RUN_ID
from data_pipeline.tests.seeds import AGENCY, attachment, BODY
from etl_core.errors import ExitCode
from etl_core.support.shards import shard_of

COUNT = 4
KILLS = 2
MISSING = 25
HEARTBEAT = "ETL_HEARTBEAT_FILE"


class ProcessTestCase(PodTestCase):
    """What the container of a pod would run, outside of one."""

    def setUp(self) -> None:
        """Make the folder that a pod would have."""
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def beat(self, index: int) -> Path:
        """Return the heartbeat file of a process."""
        return self.folder / str(index)

    def process(self, index: int = 0) -> "subprocess.Popen[str]":
        """Start the process of a pod."""
        environ = {**self.variables(index), HEARTBEAT: str(self.beat(index))}
        return self.launch_by([DISPATCHER, *self.container["args"]], **environ)


class HangTest(ProcessTestCase):
    """A plain Job whose process stands still."""

    def alive(self) -> Ended:
        """Ask as the probe does, but sooner and for the file of this pod."""
        script, *command = self.container["livenessProbe"]["exec"]["command"]
        self.assertEqual("data-pipeline", script)
        command[1] = str(self.beat(0))
        return self.start_by([DISPATCHER, *command[:-1], "--max-age=2s"])

    def test_hung_run_is_killed_and_continued(self) -> None:
        """The probe fails after a while, not before; the next pod does the rest."""
        self.slow(0.2)
        process = self.process()
        self.wait_for_copies(2)
        self.assertEqual(0, self.alive().code)
        process.send_signal(signal.SIGSTOP)
        self.wait_for(lambda: self.alive().code != 0)
        self.assertIn("no progress for", self.alive().stderr)
        self.end(process)
        self.slow(0)
        again = self.ended(self.process())
        self.assertEqual(0, again.code, again.stderr)
        self.assertEqual(2, again.result["attempt"])
        self.assert_all_done(again.result)


class ShardsTest(ProcessTestCase):
    """Twenty-four attachments, one more without its object, and four shards."""

    UNITS = 24
    OPTIONS = (f"--shards={COUNT}",)

    def setUp(self) -> None:
        """Add the one, and make the store slow enough to be killed in the middle."""
        super().setUp()
        self.add(attachment(MISSING))
        self.slow(0.02)

    def complete(self, index: int) -> Ended:
        """Kill a shard a few times, at moments that nobody chose, and let it end."""
        chance = random.Random(index)  # noqa: S311 (no secret)
        for _ in range(KILLS):
            process = self.process(index)
            try:
                process.wait(chance.uniform(0.3, 2.0))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        return self.ended(self.process(index))

    def test_killed_shards_make_one_run(self) -> None:
        """It reconciles, agrees with the bucket, and its quarantine is replayed."""
        with ThreadPoolExecutor(COUNT) as pool:
            ended = list(pool.map(self.complete, range(COUNT)))
        bad = shard_of(str(MISSING), COUNT)
        for index, pod in enumerate(ended):
            expected = ExitCode.QUARANTINED if index == bad else ExitCode.OK
            self.assertEqual(expected, pod.code, pod.stderr)
        self.assert_one_run(ended, done=self.UNITS, quarantined=1)
        self.put(self.source, attachment(MISSING).object_key, BODY)
        replayed = self.verb("replay", RUN_ID)
        self.assert_counts(replayed, done=1)

    def test_other_number_of_shards_is_refused(self) -> None:
        """While one is at work; exit code 2 ends the whole Job."""
        process = self.process(0)
        self.wait_for_copies(1)
        process.send_signal(signal.SIGSTOP)
        command = [*RUN, "--agency-id", str(AGENCY), "--shard", "1/3"]
        self.assert_error(self.start_by(command), 2, "shard 0/4 .* is at work")
        process.send_signal(signal.SIGCONT)
        self.assertIn(self.ended(process).code, (0, 3))


if __name__ == "__main__":
    unittest.main()
