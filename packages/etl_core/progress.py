"""Shows how far a run is: a bar on a terminal, a log line now and then elsewhere.

It also touches a heartbeat file whenever something moved, which a liveness probe
reads.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
import sys
import time
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)
from rich.text import Text
from typing_extensions import Self

from etl_core import logs
from etl_core.config import environment
from etl_core.errors import ConfigError

T = TypeVar("T")

HEARTBEAT_VARIABLE = "ETL_HEARTBEAT_FILE"
LOG_SECONDS = 30.0
BEAT_SECONDS = 1.0
DRAW_SECONDS = 0.1

logger = logs.get_logger()


class RateColumn(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last seconds."""
        speed = task.finished_speed or task.speed
        return Text("-/s" if speed is None else f"{speed:,.0f}/s")


class Progress:
    """Counts units and bytes; ``advance`` costs next to nothing.

    :param total: how many units there are, ``None`` when nobody knows.
    :param label: what the bar is about.
    :param interactive: a bar instead of log lines; by default on a terminal.
    :param clock: a monotonic clock.
    """

    def __init__(
        self,
        total: int | None,
        label: str = "units",
        interactive: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at zero."""
        self.units = 0
        self.size = 0
        self._total = total
        self._label = label
        self._interactive = sys.stderr.isatty() if interactive is None else interactive
        self._clock = clock
        self._started = clock()
        self._next_look = self._started
        self._next_log = self._started + LOG_SECONDS
        self._heartbeat = environment().get(HEARTBEAT_VARIABLE)
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        """Show the bar, and see that the heartbeat file can be written.

        :raises ConfigError: when it cannot.
        """
        try:
            self._beat()
        except OSError as error:
            raise ConfigError(
                f"{HEARTBEAT_VARIABLE}: {self._heartbeat} cannot be written: "
                f"{error.strerror}"
            ) from error
        if self._interactive:
            self._bar = _bar()
            self._task = self._bar.add_task(self._label, total=self._total, size="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw the last state."""
        if self._bar is not None:
            self._draw(self._bar)
            self._bar.stop()

    def advance(self, units: int = 1, size: int = 0) -> None:
        """Count what is done.

        :param units: how many.
        :param size: their bytes.
        """
        self.units += units
        self.size += size
        now = self._clock()
        if now >= self._next_look:
            self._show(now)

    def track(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items and count each as one unit."""
        for item in items:
            yield item
            self.advance()

    def _show(self, now: float) -> None:
        """Draw or log, and beat."""
        self._next_look = now + (BEAT_SECONDS if self._bar is None else DRAW_SECONDS)
        try:
            self._beat()
        except OSError:
            logger.warning("the heartbeat file cannot be written")
        if self._bar is not None:
            self._draw(self._bar)
        elif now >= self._next_log:
            self._next_log = now + LOG_SECONDS
            self._log(now)

    def _beat(self) -> None:
        """Touch the heartbeat file, if there is to be one."""
        if self._heartbeat:
            Path(self._heartbeat).touch()

    def _draw(self, bar: Bar) -> None:
        """Bring the bar up to date."""
        bar.update(self._task, completed=self.units, size=decimal(self.size))

    def _log(self, now: float) -> None:
        """Write a line with the rate and the time that is left."""
        rate = self.units / (now - self._started)
        left = None
        if self._total is not None and rate > 0:
            left = round(max(self._total - self.units, 0) / rate)
        logger.info(
            "progress",
            units=self.units,
            total=self._total,
            bytes=self.size,
            per_second=round(rate, 1),
            seconds_left=left,
        )


def _bar() -> Bar:
    """Return a bar on stderr."""
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[size]}"),
        RateColumn(),
        TimeRemainingColumn(),
        # What stderr is now: whoever silences it later keeps the bar.
        console=Console(file=sys.stderr),
    )
