"""Stops calling an outside system that keeps failing."""

from collections.abc import Callable
import threading
import time
from typing import TypeVar

from etl_core.errors import TransientError

T = TypeVar("T")


class CircuitOpen(TransientError):
    """The outside system kept failing, so it was not called again."""


class CircuitBreaker:
    """Opens after failures in a row, and lets a trial through after a while.

    Only :class:`~etl_core.errors.TransientError` is a failure: any other answer
    shows that the system is there. It may be shared by threads.

    :param failures: how many in a row open it.
    :param reset_seconds: how long it stays open before one call is let through.
    :param clock: a monotonic clock.
    """

    def __init__(
        self,
        failures: int = 10,
        reset_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed."""
        self._allowed = failures
        self._reset_seconds = reset_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._retry_at = 0.0

    def call(self, function: Callable[[], T]) -> T:
        """Return what the function returns, unless the circuit is open.

        :raises CircuitOpen: without calling the function.
        """
        self._admit()
        try:
            result = function()
        except TransientError:
            self._note(False)
            raise
        except BaseException:
            self._note(True)
            raise
        self._note(True)
        return result

    def record(self, succeeded: bool) -> None:
        """Take note of a call that was made elsewhere.

        :raises CircuitOpen: when too many in a row have failed.
        """
        self._note(succeeded)
        with self._lock:
            if self._in_a_row >= self._allowed:
                raise self._open()

    def _admit(self) -> None:
        """Let a call through, as a trial when the time for one has come.

        :raises CircuitOpen: when it has not.
        """
        with self._lock:
            if self._in_a_row < self._allowed:
                return
            now = self._clock()
            if now < self._retry_at:
                raise self._open()
            # The others wait for the outcome of this trial.
            self._retry_at = now + self._reset_seconds

    def _note(self, succeeded: bool) -> None:
        """Count a failure; a success closes the circuit."""
        with self._lock:
            self._in_a_row = 0 if succeeded else self._in_a_row + 1
            if self._in_a_row >= self._allowed:
                self._retry_at = self._clock() + self._reset_seconds

    def _open(self) -> CircuitOpen:
        """Return the error that says so."""
        return CircuitOpen(
            f"{self._in_a_row} calls in a row failed, so no more are made; "
            "start the same command again when the system is back"
        )
