"""Tests of the metrics of a run."""

from contextlib import redirect_stderr
from http.server import BaseHTTPRequestHandler, HTTPServer
import io
from pathlib import Path
import tempfile
import threading
import unittest

from etl_core import logs
from etl_core.calls import Call
from etl_core.config import MetricsSettings
from etl_core.errors import TransientError
from etl_core.metrics import RunMetrics, TimedCalls


def settings(file: str = "", pushgateway: str = "") -> MetricsSettings:
    """Return settings for one place."""
    return MetricsSettings.from_environment(
        {"ETL_METRICS_FILE": file, "ETL_METRICS_PUSHGATEWAY": pushgateway}
    )


class Gateway(BaseHTTPRequestHandler):
    """A pushgateway that keeps what it is sent."""

    received: list[tuple[str, str, str]]

    def do_POST(self) -> None:
        """Keep method, path and body."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.received.append(("POST", self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class MetricsTest(unittest.TestCase):
    """The metrics of a small run."""

    def setUp(self) -> None:
        """Count a few things."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "etl.prom")
        self.metrics = RunMetrics("x", clock=lambda: 1700000000.0)
        self.metrics.units({"done": 2, "quarantined": 1}, 1500)
        self.metrics.call("s3", "CopyObject", 0.02)
        self.metrics.call("s3", "CopyObject", 0.2)

    def written(self) -> list[str]:
        """Return the lines of the text file."""
        self.metrics.write(settings(file=str(self.path)))
        return self.path.read_text(encoding="utf-8").splitlines()

    def warning(self, wanted: MetricsSettings) -> str:
        """Return what is logged while the metrics are written."""
        stderr = io.StringIO()
        with redirect_stderr(stderr):
            logs.configure(level="info", interactive=False)
            self.metrics.write(wanted)
        return stderr.getvalue()

    def test_text_file_has_every_metric(self) -> None:
        """By outcome, system and operation."""
        self.metrics.finish(12.5, succeeded=True)
        lines = self.written()

        for line in (
            'etl_units_total{job="x",outcome="done"} 2.0',
            'etl_units_total{job="x",outcome="quarantined"} 1.0',
            'etl_bytes_total{job="x"} 1500.0',
            'etl_call_seconds_count{job="x",operation="CopyObject",system="s3"} 2.0',
            'etl_run_seconds{job="x"} 12.5',
            'etl_last_success_timestamp_seconds{job="x"} 1.7e+09',
        ):
            with self.subTest(line):
                self.assertIn(line, lines)

    def test_failed_run_says_nothing_of_success(self) -> None:
        """So the time of the last success stays what it was."""
        self.metrics.finish(12.5, succeeded=False)

        self.assertNotIn("etl_last_success", "\n".join(self.written()))

    def test_runs_do_not_share_numbers(self) -> None:
        """A second run in one process begins at zero."""
        second = RunMetrics("x")
        second.units({"done": 1}, 0)

        found = second.registry.get_sample_value(
            "etl_units_total", {"job": "x", "outcome": "done"}
        )
        self.assertEqual(1.0, found)

    def test_nothing_is_written_by_default(self) -> None:
        """Without settings there is neither file nor push."""
        self.assertEqual("", self.warning(settings()))
        self.assertFalse(self.path.exists())

    def test_file_is_replaced_whole(self) -> None:
        """No other file is left beside it."""
        self.written()
        self.written()

        self.assertEqual([self.path], list(self.path.parent.iterdir()))

    def test_file_that_cannot_be_written_is_a_warning(self) -> None:
        """The run goes on."""
        path = str(self.path / "missing" / "x")

        self.assertIn("metrics were not written", self.warning(settings(file=path)))

    def test_login_is_not_logged(self) -> None:
        """A warning names the gateway without user and password."""
        for address in ("http://me:secret@127.0.0.1:1", "me:secret@127.0.0.1:1"):
            text = self.warning(settings(pushgateway=address))
            self.assertIn("127.0.0.1:1", text)
            self.assertNotIn("secret", text)

    def test_pushgateway_gets_the_metrics(self) -> None:
        """They are added, so that other metrics of the job are kept."""
        Gateway.received = []
        with HTTPServer(("127.0.0.1", 0), Gateway) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            address = f"127.0.0.1:{server.server_port}"
            self.metrics.write(settings(pushgateway=address))
            thread.join()

        ((method, path, body),) = Gateway.received
        self.assertEqual(("POST", "/metrics/job/x"), (method, path))
        self.assertIn('etl_units_total{job="x",outcome="done"} 2.0', body)

    def test_gateway_that_is_away_is_a_warning(self) -> None:
        """Credentials in its address stay secret."""
        for address in ("http://app:hunter2@127.0.0.1:1", "http://[broken"):
            with self.subTest(address):
                text = self.warning(settings(pushgateway=address))
                self.assertIn("metrics were not written", text)
                self.assertNotIn("hunter2", text)

    def test_calls_are_timed_on_their_way(self) -> None:
        """Also those that fail."""
        times = iter([0.0, 0.5, 1.0, 1.25])
        hook = TimedCalls(self.metrics, clock=lambda: next(times))
        call = Call("postgresql", "SELECT", "attachment")

        def fail() -> None:
            """Do what a lost connection does."""
            raise TransientError("lost")

        self.assertEqual(7, hook(call, lambda: 7))
        with self.assertRaises(TransientError):
            hook(call, fail)

        labels = {"job": "x", "system": "postgresql", "operation": "SELECT"}
        sample = self.metrics.registry.get_sample_value
        self.assertEqual(2.0, sample("etl_call_seconds_count", labels))
        self.assertEqual(0.75, sample("etl_call_seconds_sum", labels))


if __name__ == "__main__":
    unittest.main()
