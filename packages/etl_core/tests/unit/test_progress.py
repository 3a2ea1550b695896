"""Tests of the progress of a run."""

from contextlib import redirect_stderr
import io
import json
from pathlib import Path
import tempfile
import unittest
from unittest import mock

from etl_core import logs
from etl_core.errors import ConfigError
from etl_core.progress import Progress
from etl_core.tests.samples import Terminal


class ProgressTest(unittest.TestCase):
    """Progress on a clock that the test moves."""

    def setUp(self) -> None:
        """Begin at a time that is not zero, in a folder for the heartbeat."""
        logs.set_level("warning")
        self.addCleanup(logs.set_level, "info")
        self.now = 1000.0
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.heartbeat = Path(folder.name, "alive")

    def progress(self, total: int | None = 100, interactive: bool = False) -> Progress:
        """Return progress with a heartbeat."""
        environ = {"ETL_HEARTBEAT_FILE": str(self.heartbeat)}
        with mock.patch.dict("os.environ", environ):
            return Progress(total, interactive=interactive, clock=lambda: self.now)

    def logged(self, total: int | None) -> list[dict[str, object]]:
        """Return the lines of two minutes with ten units in each second."""
        stderr = io.StringIO()
        with redirect_stderr(stderr):
            logs.configure(level="info", interactive=False)
            with self.progress(total) as progress:
                for _ in range(119):
                    self.now += 1
                    progress.advance(10, 1000)
        return [json.loads(line) for line in stderr.getvalue().splitlines()]

    def test_log_line_every_half_minute(self) -> None:
        """It has counts, rate and the time that is left."""
        lines = self.logged(1200)

        self.assertEqual(3, len(lines))
        first = {key: lines[0][key] for key in lines[0] if key not in ("time", "level")}
        self.assertEqual(
            {
                "event": "progress",
                "units": 300,
                "total": 1200,
                "bytes": 30000,
                "per_second": 10.0,
                "seconds_left": 90,
            },
            first,
        )

    def test_unknown_total_has_no_time_left(self) -> None:
        """Counts and rate are still there."""
        line = self.logged(None)[0]

        self.assertIsNone(line["seconds_left"])
        self.assertEqual(300, line["units"])

    def test_heartbeat_moves_with_progress(self) -> None:
        """It is touched when units are counted, not by time alone."""
        with self.progress() as progress:
            self.assertTrue(self.heartbeat.exists())
            self.heartbeat.unlink()
            self.now += 60
            self.assertFalse(self.heartbeat.exists())
            progress.advance()
            self.assertTrue(self.heartbeat.exists())

    def test_heartbeat_is_touched_once_a_second(self) -> None:
        """Counting a million units does not mean a million system calls."""
        with (
            self.progress() as progress,
            mock.patch.object(Path, "touch") as touch,
        ):
            for _ in range(1000):
                self.now += 0.01
                progress.advance()

        self.assertIn(touch.call_count, (9, 10, 11))

    def test_heartbeat_that_cannot_be_written_is_refused(self) -> None:
        """Before anything is done, with variable, path and reason."""
        self.heartbeat = self.heartbeat / "missing"

        with (
            self.assertRaisesRegex(
                ConfigError, "^ETL_HEARTBEAT_FILE: .*missing cannot be written: No such"
            ),
            self.progress(),
        ):
            self.fail("the block must not be entered")

    def test_heartbeat_that_fails_later_is_a_warning(self) -> None:
        """A run does not fail for it."""
        stderr = io.StringIO()
        with redirect_stderr(stderr):
            logs.configure(level="info", interactive=False)
            with (
                self.progress() as progress,
                mock.patch.object(Path, "touch", side_effect=OSError),
            ):
                progress.advance()

        self.assertIn("heartbeat file cannot be written", stderr.getvalue())
        self.assertEqual(1, progress.units)

    def test_bar_on_a_terminal(self) -> None:
        """It shows the counts, the bytes and the rate."""
        stderr = Terminal()
        environ = {"TERM": "xterm", "COLUMNS": "120"}
        with redirect_stderr(stderr), mock.patch.dict("os.environ", environ):
            with self.progress(200, interactive=True) as progress:
                self.now += 1
                progress.advance(150, 2_000_000)
            text = stderr.getvalue()

        self.assertIn("150/200", text)
        self.assertIn("2.0 MB", text)
        self.assertIn("/s", text)

    def test_no_bar_off_a_terminal(self) -> None:
        """Logs are not torn apart by control sequences."""
        stderr = io.StringIO()
        with redirect_stderr(stderr), Progress(10) as progress:
            progress.advance(10)

        self.assertEqual("", stderr.getvalue())


if __name__ == "__main__":
    unittest.main()
