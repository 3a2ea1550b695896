"""Two processes of one job at once: one works, and a fenced one writes nothing."""

import signal
import time
import unittest

from data_pipeline.tests.integration.live import LiveTestCase
from etl_core.errors import ExitCode

SHORT = {"ETL_LEASE_SECONDS": "1"}


class TwoProcessesTest(LiveTestCase):
    """Twelve attachments, and a store that is slow enough to come in between."""

    def test_the_second_one_gives_way(self) -> None:
        """It ends with exit code 75 and names the holder, who is not disturbed."""
        self.slow(0.1)
        first = self.launch()
        self.wait_for_copies(1)
        # Stopped for less than its lease lives, so that it is not done meanwhile.
        first.send_signal(signal.SIGSTOP)
        self.slow(0)
        second = self.ended(self.launch("--lease-wait", "0s"))
        self.assert_error(
            second, ExitCode.TRANSIENT, f"another process .*: pid {first.pid} on "
        )
        first.send_signal(signal.SIGCONT)
        ended = self.ended(first)
        self.assertEqual(0, ended.code, ended.stderr)
        self.assert_all_done(ended.result)
        self.assertEqual(1, ended.result["attempt"])

    def test_a_process_that_wakes_up_writes_nothing(self) -> None:
        """Its lease was taken over, and the run closed without it, meanwhile."""
        self.slow(0.1)
        first = self.launch(**SHORT)
        self.wait_for_copies(3)
        first.send_signal(signal.SIGSTOP)
        self.slow(0)
        second = self.ended(self.launch(**SHORT))
        self.assertEqual(0, second.code, second.stderr)
        self.assert_all_done(second.result)
        self.assertEqual(2, second.result["attempt"])
        state, copies = self.state(), self.copies()
        first.send_signal(signal.SIGCONT)
        self.assert_error(
            self.ended(first), ExitCode.TRANSIENT, "taken over by another process"
        )
        self.assertEqual(state, self.state())
        self.assertEqual(copies, self.copies())

    def test_after_a_kill_the_next_one_starts_at_once(self) -> None:
        """On the same host nobody waits for the lease of the dead to expire."""
        self.slow(0.1)
        first = self.launch()
        self.wait_for_copies(3)
        first.kill()
        first.wait()
        self.slow(0)
        self.assertFalse(self.lease()["released"])
        began = time.monotonic()
        second = self.ended(self.launch("--lease-wait", "0s", ETL_LEASE_SECONDS="600"))
        self.assertEqual(0, second.code, second.stderr)
        self.assertLess(time.monotonic() - began, 30)
        self.assert_all_done(second.result)
        # A copy that the dead one had sent may arrive until then.
        recovered = second.result["reasons"]["done: recovered"]
        self.assertLessEqual(3, recovered)
        self.assertEqual(
            self.UNITS - recovered, second.result["requests"]["CopyObject"]
        )


if __name__ == "__main__":
    unittest.main()
