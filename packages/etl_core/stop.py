"""Asking work to stop: a signal to the process, or the end of its time.

Long work takes a :class:`StopSignal` and polls it between units. A job gets that
of its process by :func:`current`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
import math
import os
import signal
import threading
import time
from types import FrameType

from etl_core.errors import DeadlineReached, ExitCode, Terminated

POLL_SECONDS = 0.1
GRACE_SECONDS = 25.0
# The rest is for what is stored at the end: journal, metrics, lease.
SHARE_IN_PROGRESS = 0.6

Clock = Callable[[], float]


class StopSignal:
    """Says whether work should stop, and why.

    :param deadline_seconds: from now on, on the monotonic clock; none by default.
    :param parent: is polled too, so that a job can add a deadline of its own.
    :param clock: the monotonic clock.
    :param patience_seconds: how long what is in progress is waited for after a stop.
    """

    def __init__(
        self,
        deadline_seconds: float | None = None,
        parent: "StopSignal | None" = None,
        clock: Clock = time.monotonic,
        patience_seconds: float = 15.0,
    ) -> None:
        """Start the time."""
        self._patience = patience_seconds
        self._requested_at = math.inf
        self._clock = clock
        self._parent = parent
        self._seconds = deadline_seconds
        self._end = None if deadline_seconds is None else clock() + deadline_seconds
        self._reason = ""

    def request(self, reason: str) -> None:
        """Ask the work to stop.

        It is called by signal handlers: a plain assignment, because a lock may be
        held by the very code that the signal interrupted.

        :param reason: completes "asked to stop by".
        """
        if not self._reason:
            self._requested_at = self._clock()
            self._reason = reason

    @property
    def reason(self) -> str:
        """What asked for the stop, empty when nothing did."""
        return self._reason or (self._parent.reason if self._parent else "")

    @property
    def requested(self) -> bool:
        """True when the work should stop, also when its time is over."""
        return bool(self.reason) or self._late()

    @property
    def overdue(self) -> bool:
        """True when what is still in progress should be given up."""
        return self._clock() >= self._stopped_at() + self._patience

    def _stopped_at(self) -> float:
        """Return when the work was to stop, here or above; infinity if it is not."""
        above = self._parent._stopped_at() if self._parent else math.inf
        late = self._end if self._end is not None and self._late() else math.inf
        return min(self._requested_at, above, late)

    def check(self) -> None:
        """Return when the work may go on.

        :raises Terminated: when it was asked to stop.
        :raises DeadlineReached: when its time is over.
        """
        if self.reason:
            raise Terminated(
                f"asked to stop by {self.reason}; start the same command to continue"
            )
        if self._late():
            raise DeadlineReached(
                f"the deadline of {self._seconds_of_late():g} s is reached; "
                "start the same command to continue"
            )

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when the work should stop.

        :returns: whether it should.
        """
        end = self._clock() + seconds
        while not self.requested and (left := end - self._clock()) > 0:
            time.sleep(min(left, POLL_SECONDS))
        return self.requested

    def limited(self, deadline_seconds: float | None) -> "StopSignal":
        """Return a signal that also ends at a deadline, counted from now."""
        return StopSignal(deadline_seconds, self, self._clock, self._patience)

    def _late(self) -> bool:
        """Return whether the time is over here or above."""
        own = self._end is not None and self._clock() >= self._end
        return own or (self._parent is not None and self._parent._late())

    def _seconds_of_late(self) -> float:
        """Return the deadline that was reached."""
        if self._parent is not None and self._parent._late():
            return self._parent._seconds_of_late()
        return self._seconds or 0.0


class ProcessStop:
    """Turns SIGTERM and SIGINT into a stop signal for the time of one job.

    The first signal asks the work to stop. A job that never looked at the stop
    signal is interrupted where it is; a second signal ends the process at once, and
    so does the end of the time of grace. Neither loses anything: the next start finds
    what was done.

    :param grace_seconds: how long the process may live after the first signal.
    """

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Watch nothing yet."""
        self._grace = grace_seconds
        self.signal = StopSignal(patience_seconds=grace_seconds * SHARE_IN_PROGRESS)
        self.polled = False

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Receive a signal.

        :raises Terminated: in the main thread, when the job does not poll.
        """
        if self.signal.requested:
            os._exit(ExitCode.TERMINATED)
        self.signal.request(signal.Signals(number).name)
        # A timer of the system, because a thread could not be started safely here.
        signal.setitimer(signal.ITIMER_REAL, self._grace)
        if not self.polled:
            self.signal.check()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End the process when the time of grace is over, whatever still hangs."""
    os._exit(ExitCode.TERMINATED)


_process: ContextVar[ProcessStop | None] = ContextVar("process_stop", default=None)


def current() -> StopSignal:
    """Return the stop signal of this process; whoever asks promises to poll it.

    Outside the dispatcher it is one that nobody will ever raise.
    """
    process = _process.get()
    if process is None:
        return StopSignal()
    process.polled = True
    return process.signal


@contextmanager
def on_signals(grace_seconds: float = GRACE_SECONDS) -> Iterator[StopSignal]:
    """Let signals to this process ask for a stop, until the block is left.

    Outside the main thread, where Python sets no handlers, signals stay as they are.

    :param grace_seconds: how long the process may live after the first signal.
    """
    process = ProcessStop(grace_seconds)
    token = _process.set(process)
    previous = _install(process) if _in_main_thread() else {}
    try:
        yield process.signal
    finally:
        if previous:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in previous.items():
            signal.signal(number, handler)
        _process.reset(token)


def _in_main_thread() -> bool:
    """Return whether Python lets this thread set signal handlers."""
    return threading.current_thread() is threading.main_thread()


def _install(process: ProcessStop) -> dict[signal.Signals, "signal._HANDLER"]:
    """Set the handlers and return those they replace."""
    return {
        signal.SIGTERM: signal.signal(signal.SIGTERM, process.handle),
        signal.SIGINT: signal.signal(signal.SIGINT, process.handle),
        signal.SIGALRM: signal.signal(signal.SIGALRM, _leave),
    }
