"""The containers of generated manifests as processes: killed, hung, and divided."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import random
import re
import signal
import subprocess
import tempfile
from typing import Any
import unittest

import yaml

from data_pipeline.tests.integration.live import LiveTestCase
from data_pipeline.tests.integration.place import DISPATCHER, Ended, RUN
from data_pipeline.tests.seeds import AGENCY, attachment, BODY
from etl_core.errors import ExitCode
from etl_core.support.shards import shard_of

COUNT = 4
KILLS = 2
MISSING = 25
JOB_NAME, JOB_UID = "copy-agency-10", "0b8f6a1e-5f0c-4a53-9f6e-6f3a0b9c2d11"
RUN_ID = f"{JOB_NAME}-{JOB_UID}"
# What the Job controller writes on a pod.
LABELS = {
    "metadata.labels['batch.kubernetes.io/job-name']": JOB_NAME,
    "metadata.labels['batch.kubernetes.io/controller-uid']": JOB_UID,
}
HEARTBEAT = "ETL_HEARTBEAT_FILE"


class PodTestCase(LiveTestCase):
    """A manifest, whose container is started as a kubelet would start it."""

    OPTIONS: tuple[str, ...] = ()

    def setUp(self) -> None:
        """Print the manifest."""
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        arguments = ("--agency-id", str(AGENCY), "--concurrency", "1")
        command = ["manifest", "get_s3_files", *self.OPTIONS, "--", *arguments]
        printed = self.start_by([DISPATCHER, *command]).stdout
        spec = yaml.safe_load(printed)["spec"]["template"]["spec"]
        [self.container] = spec["containers"]

    def beat(self, index: int) -> Path:
        """Return the heartbeat file of a pod, which has a folder of its own."""
        return self.folder / str(index)

    def pod(self, index: int = 0) -> "subprocess.Popen[str]":
        """Start the container of one pod."""
        environ = {**self.variables(), HEARTBEAT: str(self.beat(index))}
        if "JOB_COMPLETIONS" in environ:
            environ["JOB_COMPLETION_INDEX"] = str(index)
        return self.launch_by([DISPATCHER, *self.container["args"]], **environ)

    def variables(self) -> dict[str, str]:
        """Return the variables of the container, references replaced."""
        found: dict[str, str] = {}
        for each in self.container["env"]:
            source = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
            value = LABELS[source] if source else each["value"]
            found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda it: found[it[1]], value)
        return found


class HangTest(PodTestCase):
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
        process = self.pod()
        self.wait_for_copies(2)
        self.assertEqual(0, self.alive().code)
        process.send_signal(signal.SIGSTOP)
        self.wait_for(lambda: self.alive().code != 0)
        self.assertIn("no progress for", self.alive().stderr)
        self.end(process)
        self.slow(0)
        again = self.ended(self.pod())
        self.assertEqual(0, again.code, again.stderr)
        self.assertEqual(2, again.result["attempt"])
        self.assert_all_done(again.result)


class ShardsTest(PodTestCase):
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
