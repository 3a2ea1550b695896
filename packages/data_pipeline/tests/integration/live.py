"""The job as a process that is still running: stopped, killed, and started twice."""

from collections.abc import Callable, Sequence
import json
import signal
import subprocess
import time
from typing import Any

from data_pipeline.tests.integration.place import Ended, JobTestCase, RUN, STATE
from data_pipeline.tests.seeds import AGENCY
from etl_core.testing.proxy import FaultProxy, Faults

SECONDS = 60.0
COPIES = f"agency_id={AGENCY}/"
# As it stands in the line of a request.
COPY = f"/agency_id%3D{AGENCY}/"


class LiveTestCase(JobTestCase):
    """Attachments behind a proxy that makes the store slow, or worse."""

    UNITS = 12

    def setUp(self) -> None:
        """Store the attachments, and start the proxy."""
        super().setUp()
        for number in range(1, self.UNITS + 1):
            self.store(number)
        self.proxy = FaultProxy(self.s3.endpoint_url)
        self.proxy.start()
        self.addCleanup(self.proxy.stop)

    def slow(self, seconds: float) -> None:
        """Let every request take so long."""
        self.proxy.faults = Faults(latency_seconds=seconds)

    def launch(self, *argv: str, **environ: str) -> "subprocess.Popen[str]":
        """Start the job behind the proxy, with one worker, and let it run."""
        command = [*RUN, "--agency-id", str(AGENCY), "--concurrency", "1", *argv]
        return self.launch_by(command, **environ)

    def launch_by(
        self, command: Sequence[str], **environ: str
    ) -> "subprocess.Popen[str]":
        """Start any command behind the proxy and let it run."""
        process = subprocess.Popen(
            command,
            env={**self.behind_proxy(), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.end, process)
        return process

    def behind_proxy(self) -> dict[str, str]:
        """Return the variables of a process that reaches the store by the proxy."""
        return {**self.environment(), "AWS_ENDPOINT_URL": self.proxy.url}

    def end(self, process: "subprocess.Popen[str]") -> None:
        """Leave no process behind, also when a test fails."""
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.communicate()

    def ended(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait for the end of a process."""
        out, err = process.communicate(timeout=SECONDS)
        return Ended(process.returncode, out, err)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Return when something is so."""
        give_up_at = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), give_up_at, "it did not happen")
            time.sleep(0.05)

    def wait_for_copies(self, count: int) -> None:
        """Return when so many objects are copied."""
        self.wait_for(lambda: len(self.copied()) >= count)

    def copied(self) -> set[str]:
        """Return the keys of the copies."""
        return set(self.keys(self.destination, COPIES))

    def state(self) -> dict[str, bytes]:
        """Return everything that runs have stored of themselves."""
        keys = self.keys(self.destination, STATE)
        return {key: self.read(self.destination, key) for key in keys}

    def lease(self) -> dict[str, Any]:
        """Return the record of the lease; empty before there is one."""
        for key, body in self.state().items():
            if key.endswith("/lease.json"):
                found: dict[str, Any] = json.loads(body)
                return found
        return {}

    def assert_error(self, ended: Ended, code: int, words: str) -> None:
        """A process ended so, and said why in one line without a traceback."""
        self.assertEqual((code, ""), (ended.code, ended.stdout), ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        [message] = ended.errors
        self.assertRegex(message, words)

    def assert_all_done(self, result: dict[str, Any]) -> None:
        """Every attachment is copied, and has one line in the ledger."""
        self.assert_counts(result, done=self.UNITS)
        units = sorted(line["unit"] for line in self.lines(result))
        expected = sorted(f"attachment_id={n}" for n in range(1, self.UNITS + 1))
        self.assertEqual(expected, units)
        bodies = {copy.body for copy in self.copies().values()}
        self.assertEqual((self.UNITS, {b"content"}), (len(self.copied()), bodies))
