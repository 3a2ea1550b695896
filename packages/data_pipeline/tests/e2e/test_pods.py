"""The pods of printed manifests as containers: hung, killed, and divided."""

from concurrent.futures import ThreadPoolExecutor
import random
import re
import subprocess
import sys
import time
import unittest

from data_pipeline.tests.e2e.containers import (
    Container,
    DEFAULT,
    engine,
    image,
    settings_of_job,
)
from data_pipeline.tests.e2e.pods import container_of
from data_pipeline.tests.integration.place import Ended
from data_pipeline.tests.integration.pods import JOB_NAME, PodTestCase
from etl_core.errors import ExitCode
from etl_core.support.shards import shard_of

COUNT = 8
KILLED = 137
# Of the moments of the kills; a failure is repeated with the seed that it names.
SEED = 20261121
# A pod that makes so many copies is killed no later.
MOST_COPIES = 12
# What a killed pod leaves is free again after this time.
LEASE = {"ETL_LEASE_SECONDS": "3"}
BRIEF = ("--max-silence=3s", "--env=ETL_GRACE_SECONDS=2")


def setUpModule() -> None:
    """Skip, or fail where an engine was promised, before any server is started."""
    engine()


class ContainerTestCase(PodTestCase):
    """A manifest that names the image of this checkout."""

    OPTIONS: tuple[str, ...] = (f"--image={DEFAULT}",)

    @classmethod
    def setUpClass(cls) -> None:
        """Build the image."""
        super().setUpClass()
        image(DEFAULT)

    def pod(self, index: int = 0, start: int = 0) -> Container:
        """Return the container of one start of one pod."""
        place = settings_of_job(self.behind_proxy())
        environ = {**place, **LEASE, **self.variables(index)}
        container = container_of(self.spec, environ, f"{JOB_NAME}-{index}-{start}")
        self.addCleanup(container.remove)
        return container

    def launched(self, container: Container) -> "subprocess.Popen[str]":
        """Start a container and let it run."""
        process = container.start()
        self.addCleanup(self.end, process)
        return process


class HangTest(ContainerTestCase):
    """A plain Job whose process stands still."""

    OPTIONS = (*ContainerTestCase.OPTIONS, *BRIEF)

    def probe_until_dead(self, container: Container) -> Ended:
        """Ask as a kubelet does, but sooner; return the answer it kills after."""
        probe = self.container["livenessProbe"]
        failures = 0
        give_up_at = time.monotonic() + 60
        while True:
            self.assertLess(time.monotonic(), give_up_at, "it was not found dead")
            command = probe["exec"]["command"]
            answer = container.execute(*command, seconds=probe["timeoutSeconds"])
            failures = failures + 1 if answer.code else 0
            if failures == probe["failureThreshold"]:
                return answer
            time.sleep(0.2)

    def test_hung_run_is_killed_and_continued(self) -> None:
        """The probe fails in the container, which is killed; the next does the rest."""
        self.slow(0.3)
        hung = self.pod()
        process = self.launched(hung)
        self.wait_for_copies(2)
        command = self.container["livenessProbe"]["exec"]["command"]
        self.assertEqual(0, hung.execute(*command).code)
        hung.signal("STOP")
        answer = self.probe_until_dead(hung)
        self.assertEqual(ExitCode.TRANSIENT, answer.code)
        self.assertIn("no progress for", answer.stderr)
        hung.stop()
        self.assertEqual(KILLED, self.ended(process).code)
        self.assertLess(len(self.copied()), self.UNITS)
        self.slow(0)
        again = self.ended(self.launched(self.pod(start=1)))
        self.assertEqual(0, again.code, again.stderr)
        self.assertEqual(2, again.result["attempt"])
        self.assert_all_done(again.result)


class ShardsTest(ContainerTestCase):
    """An Indexed Job of eight pods, of which each is killed as often as it may be."""

    UNITS = 200
    OPTIONS = (*ContainerTestCase.OPTIONS, f"--shards={COUNT}")

    def setUp(self) -> None:
        """Make the store slow enough to be killed in the middle."""
        super().setUp()
        self.slow(0.1)
        self.kills = 0

    def complete(self, index: int) -> Ended:
        """Do as the Job controller does, while somebody kills the pods of a shard."""
        chance = random.Random(SEED + index)  # noqa: S311 (no secret)
        retries = self.job["backoffLimitPerIndex"]
        for start in range(retries):
            time.sleep(chance.uniform(0, 1))
            ended = self.killed(index, start, chance)
            if ended.code != KILLED:
                return ended
            self.kills += 1
        return self.ended(self.launched(self.pod(index, retries)))

    def killed(self, index: int, start: int, chance: random.Random) -> Ended:
        """Kill a pod, if it lives then, some copies and some time after its start."""
        enough = len(self.copied_by(index)) + chance.randrange(MOST_COPIES)
        pod = self.pod(index, start)
        process = self.launched(pod)
        pod.wait_until_running()
        while process.poll() is None and len(self.copied_by(index)) < enough:
            time.sleep(0.2)
        try:
            process.wait(chance.uniform(0, 1))
        except subprocess.TimeoutExpired:
            pod.signal("KILL")
        return self.ended(process)

    def copied_by(self, index: int) -> list[str]:
        """Return the attachments of a shard that are copied."""
        found = re.findall(r"/attachment_id=([0-9]+)/", "\n".join(self.copied()))
        return [each for each in found if shard_of(each, COUNT) == index]

    def test_killed_shards_make_one_run(self) -> None:
        """Every row has one outcome, every copy is there, and the run is closed."""
        began = time.monotonic()
        with ThreadPoolExecutor(COUNT) as pool:
            shards = list(pool.map(self.complete, range(COUNT)))
        for each in shards:
            self.assertEqual(ExitCode.OK, each.code, each.stderr)
        attempts = [each.result["attempt"] for each in shards]
        sys.stderr.write(
            f"\n{COUNT} containers, {self.kills} kills (seed {SEED}), "
            f"{sum(attempts) - COUNT} of them in the middle of a run, which took "
            f"{attempts} attempts and {time.monotonic() - began:.0f} s\n"
        )
        self.assertGreaterEqual(self.kills, COUNT)
        self.assertGreater(sum(attempts), COUNT, "all of them came too early")
        self.assert_one_run(shards, done=self.UNITS)


if __name__ == "__main__":
    unittest.main()
