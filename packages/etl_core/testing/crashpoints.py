"""Hooks that record the calls of a run, or end it at one of them.

A death here is as hard as SIGKILL: nothing further is sent, and
:class:`Crashed` is no :class:`Exception`, so that no handler tidies up.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
import os
import signal
import threading

from etl_core.calls import AroundHook, Call, CallHook, direct
from etl_core.config import environment
from etl_core.errors import ConfigError, TransientError

VARIABLE = "ETL_CRASH_AT"


class Moment(str, Enum):
    """When the process dies, or thinks that it was refused.

    ``lost``: the call happens, but its answer is lost on the way; the process lives.
    """

    BEFORE = "before"
    AFTER = "after"
    LOST = "lost"


class Crashed(BaseException):
    """The process is dead from here on."""


class CallRecorder(AroundHook):
    """Keeps the calls in their order on their way to another hook; for any thread.

    :param inner: the hook that sends.
    """

    def __init__(self, inner: CallHook | None = None) -> None:
        """Start with none."""
        super().__init__(inner)
        self._lock = threading.Lock()
        self.calls: list[Call] = []

    def around(self, call: Call) -> AbstractContextManager[None]:
        """Keep the call, whatever becomes of it."""
        with self._lock:
            self.calls.append(call)
        return nullcontext()


class CrashAt(AroundHook):
    """Ends the process, as far as it can tell, at one call; for any thread.

    :param number: of the call, counted from 1.
    :param moment: when it happens.
    :param inner: the hook that sends.
    :param die: what death is; raises :class:`Crashed` by default.
    """

    def __init__(
        self,
        number: int,
        moment: Moment,
        inner: CallHook | None = None,
        die: Callable[[], None] | None = None,
    ) -> None:
        """Wait for the call."""
        super().__init__(inner)
        self._number = number
        self._moment = moment
        self._die = die or _raise_crashed
        self._lock = threading.Lock()
        self._seen = 0
        self._dead = threading.Event()
        self.call: Call | None = None

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        """Let the call pass unless the process is dead."""
        if self._dead.is_set():
            raise Crashed
        if not self._is_reached(call):
            yield
            return
        if self._moment is Moment.BEFORE:
            self._crash()
        try:
            yield
        finally:  # whatever the answer was, also an error
            self._interrupt(call)

    def _is_reached(self, call: Call) -> bool:
        """Count a call and return whether it is the one."""
        with self._lock:
            self._seen += 1
            if self._seen != self._number:
                return False
            self.call = call
            return True

    def _interrupt(self, call: Call) -> None:
        """Keep the answer of a call from the job."""
        if self._moment is Moment.AFTER:
            self._crash()
        if self._moment is Moment.LOST:
            raise TransientError(f"the answer to {call.operation} was lost on the way")

    def _crash(self) -> None:
        """Be dead."""
        self._dead.set()
        self._die()


def crash_hook(environ: Mapping[str, str] | None = None) -> CallHook:
    """Return the hook for a child process that ``ETL_CRASH_AT`` says to kill.

    ``17:after`` kills it with SIGKILL after its 17th call; without the variable
    every call is sent and nothing else.
    """
    value = (environment() if environ is None else environ).get(VARIABLE)
    if not value:
        return direct
    number, _, moment = value.partition(":")
    try:
        return CrashAt(int(number), Moment(moment), die=_kill)
    except ValueError:
        raise ConfigError(f"{VARIABLE} is NUMBER:before|after|lost") from None


def _raise_crashed() -> None:
    """Die within this process."""
    raise Crashed


def _kill() -> None:
    """Die for good."""
    os.kill(os.getpid(), signal.SIGKILL)
