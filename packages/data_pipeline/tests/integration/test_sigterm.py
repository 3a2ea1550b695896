"""Asked to stop: by SIGTERM, by a second one, and by the end of the time."""

import signal
import time
import unittest

from data_pipeline.tests.integration.live import COPY, LiveTestCase
from data_pipeline.tests.integration.place import Ended
from etl_core.errors import ExitCode
from etl_core.testing.proxy import Fault, Faults


class StopTest(LiveTestCase):
    """Twelve attachments, and a store that is slow enough to come in between."""

    def assert_left_in_order(self, ended: Ended) -> None:
        """The lease is released, and the next start copies only what is missing."""
        self.assertNotIn("Traceback", ended.stderr)
        self.assertTrue(self.lease()["released"])
        journal = [key for key in self.state() if "/journal=" in key]
        self.assertEqual(1, len(journal))
        done = len(self.copied())
        self.assertGreater(self.UNITS, done)
        self.proxy.faults = Faults()
        result = self.run_job("--lease-wait", "0s")
        self.assert_all_done(result)
        self.assertEqual(2, result["attempt"])
        self.assertEqual(self.UNITS - done, result["requests"]["CopyObject"])
        self.assertEqual(done, result["reasons"]["done: copied"] - (self.UNITS - done))

    def hang(self, at: int) -> None:
        """Never answer a copy from this one on."""
        self.proxy.faults = Faults([Fault.SILENCE], first=at, about=COPY)

    def test_sigterm(self) -> None:
        """What is in progress is finished, stored and released: exit code 143."""
        self.slow(0.1)
        process = self.launch()
        self.wait_for_copies(3)
        began = time.monotonic()
        process.terminate()
        ended = self.ended(process)
        self.assertLess(time.monotonic() - began, 10)
        self.assert_error(
            ended, ExitCode.TERMINATED, "asked to stop by SIGTERM; start the same"
        )
        self.assert_left_in_order(ended)

    def assert_given_up(self, workers: str) -> None:
        """What hangs is given up within the time of grace, the rest is stored."""
        self.hang(at=3)
        process = self.launch("--concurrency", workers, ETL_GRACE_SECONDS="5")
        self.wait_for(lambda: self.proxy.injected[Fault.SILENCE] >= 1)
        self.wait_for_copies(2)
        began = time.monotonic()
        process.terminate()
        ended = self.ended(process)
        self.assertLess(time.monotonic() - began, 6)
        self.assert_error(ended, ExitCode.TERMINATED, "asked to stop")
        self.assert_left_in_order(ended)

    def test_a_unit_that_hangs(self) -> None:
        """The only one in progress."""
        self.assert_given_up(workers="1")

    def test_units_that_hang(self) -> None:
        """All of four workers."""
        self.assert_given_up(workers="4")

    def test_a_store_that_hangs_at_the_end(self) -> None:
        """Nothing can be stored: the process is gone in its time, and nothing lost."""
        self.slow(0.1)
        process = self.launch(ETL_GRACE_SECONDS="2")
        self.wait_for_copies(3)
        self.proxy.faults = Faults([Fault.SILENCE], share=1)
        process.terminate()
        began = time.monotonic()
        self.assertEqual(ExitCode.TERMINATED, self.ended(process).code)
        self.assertLess(time.monotonic() - began, 4)
        done = len(self.copied())
        result = self.run_job("--lease-wait", "0s")
        self.assert_all_done(result)
        self.assertEqual(self.UNITS - done, result["requests"]["CopyObject"])

    def test_a_second_signal(self) -> None:
        """It ends the process at once, and nothing is lost."""
        self.hang(at=3)
        process = self.launch()
        self.wait_for(lambda: self.proxy.injected[Fault.SILENCE] >= 1)
        process.terminate()
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(ExitCode.TERMINATED, self.ended(process).code)
        self.assertLess(time.monotonic() - began, 2)
        result = self.run_job("--lease-wait", "0s")
        self.assert_all_done(result)
        self.assertEqual(self.UNITS - 2, result["requests"]["CopyObject"])

    def test_deadline(self) -> None:
        """The run stops by itself, says how to go on, and goes on: exit code 75."""
        self.proxy.faults = Faults(latency_seconds=0.5, about=COPY)
        ended = self.ended(self.launch("--deadline", "3s"))
        self.assert_error(
            ended,
            ExitCode.TRANSIENT,
            "the deadline of 3 s is reached; start the same command to continue",
        )
        self.assertLess(0, len(self.copied()))
        self.assert_left_in_order(ended)


if __name__ == "__main__":
    unittest.main()
