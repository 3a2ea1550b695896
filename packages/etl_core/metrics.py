"""Counters and histograms of one run, written when it ends."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
import re
import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    pushadd_to_gateway,
    write_to_textfile,
)

from etl_core import logs
from etl_core.calls import AroundHook, Call, CallHook
from etl_core.config import MetricsSettings

PUSH_SECONDS = 10.0
LOGIN = re.compile(r"(?<=//)[^/@\s]*@|^[^/@\s]+@")

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

logger = logs.get_logger()


class RunMetrics:
    """The metrics of one run of one job, in a registry of their own.

    :param job: name of the job, the ``job`` label of every metric.
    :param clock: seconds since the epoch.
    """

    def __init__(self, job: str, clock: Callable[[], float] = time.time) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry(auto_describe=False)
        self._job = job
        self._clock = clock
        self._calls: dict[tuple[str, str], Histogram] = {}
        self._units = Counter(
            "etl_units",
            "Units by outcome",
            ["job", "outcome"],
            registry=self.registry,
        )
        self._bytes = Counter(
            "etl_bytes", "Bytes of the units done", ["job"], registry=self.registry
        ).labels(job)
        self._call_seconds = Histogram(
            "etl_call_seconds",
            "Calls to outside systems, retries counted one by one",
            ["job", "system", "operation"],
            registry=self.registry,
            buckets=_BUCKETS,
        )

    def units(self, outcomes: Mapping[str, int], done_bytes: int) -> None:
        """Count the units of a closed run by outcome, and the bytes of the done."""
        for outcome, count in outcomes.items():
            self._units.labels(self._job, outcome).inc(count)
        self._bytes.inc(done_bytes)

    def call(self, system: str, operation: str, seconds: float) -> None:
        """Count a call to an outside system, and how long it took."""
        histogram = self._calls.get((system, operation))
        if histogram is None:
            histogram = self._call_seconds.labels(self._job, system, operation)
            self._calls[system, operation] = histogram
        histogram.observe(seconds)

    def finish(self, seconds: float, succeeded: bool) -> None:
        """Note how long the run took and, when it succeeded, that it did so now."""
        duration = Gauge(
            "etl_run_seconds", "Time of the run", ["job"], registry=self.registry
        )
        duration.labels(self._job).set(seconds)
        if succeeded:
            # Absent otherwise, so that a gateway keeps the time of the last success.
            success = Gauge(
                "etl_last_success_timestamp_seconds",
                "When the job last succeeded",
                ["job"],
                registry=self.registry,
            )
            success.labels(self._job).set(self._clock())

    def write(self, settings: MetricsSettings) -> None:
        """Write the metrics where the settings say.

        A place that cannot be written is a warning: no run fails for its metrics.
        """
        if settings.file:
            self._attempt(
                settings.file,
                lambda path: write_to_textfile(path, self.registry),
            )
        if settings.pushgateway:
            self._attempt(settings.pushgateway, self._push)

    def _push(self, gateway: str) -> None:
        """Send the metrics to a pushgateway."""
        pushadd_to_gateway(gateway, self._job, self.registry, timeout=PUSH_SECONDS)

    def _attempt(self, target: str, write: Callable[[str], None]) -> None:
        """Write to one place, or warn."""
        try:
            write(target)
        except (OSError, ValueError) as error:
            # A login in the address is no business of the log.
            shown = LOGIN.sub("", target)
            reason = LOGIN.sub("", str(error))
            logger.warning("metrics were not written", target=shown, error=reason)


class TimedCalls(AroundHook):
    """Measures calls on their way to another hook.

    :param metrics: of the run.
    :param inner: the hook that sends.
    :param clock: a monotonic clock.
    """

    def __init__(
        self,
        metrics: RunMetrics,
        inner: CallHook | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Keep the parts."""
        super().__init__(inner)
        self._metrics = metrics
        self._clock = clock

    def around(self, call: Call) -> AbstractContextManager[None]:
        """Measure the call, whatever becomes of it."""
        return _Timer(self._metrics, call, self._clock)


class _Timer(AbstractContextManager[None]):
    """Measures one call."""

    __slots__ = ("_call", "_clock", "_metrics", "_started")

    def __init__(
        self, metrics: RunMetrics, call: Call, clock: Callable[[], float]
    ) -> None:
        """Do not start yet."""
        self._metrics = metrics
        self._call = call
        self._clock = clock

    def __enter__(self) -> None:
        """Start."""
        self._started = self._clock()

    def __exit__(self, *_: object) -> None:
        """Note how long it took."""
        seconds = self._clock() - self._started
        self._metrics.call(self._call.system, self._call.operation, seconds)
