"""The seam through which every call to an outside system passes.

A hook sees each call before it is sent and its result before the caller does.
Crash points and fault injection are hooks, so that they hold for every client
that works behind the seam.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
import threading
from types import TracebackType
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Call(NamedTuple):
    """One request to an outside system.

    :param system: ``s3`` or ``postgresql``.
    :param operation: the name that the system gives it, for example ``CopyObject``.
    :param target: what it is about, for example ``s3://bucket/key``; no secret.
    """

    system: str
    operation: str
    target: str


class CallHook(Protocol):
    """Stands between a client and the outside system."""

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send the call, or do what the hook is for instead."""
        ...


class AroundHook(ABC):
    """A hook that does something before a call and after it, then passes it on.

    It also serves clients that have many calls under way in one thread, so that no
    function stands between the sending and the answer.

    :param inner: the hook that sends.
    """

    def __init__(self, inner: "CallHook | None" = None) -> None:
        """Keep the hook that sends."""
        self._inner = inner

    @abstractmethod
    def around(self, call: Call) -> AbstractContextManager[None]:
        """Return what is entered before a call and left, with its error, after it."""

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send a call within :meth:`around`."""
        with self.around(call):
            return send() if self._inner is None else self._inner(call, send)

    def watch(self, call: Call) -> AbstractContextManager[None]:
        """Stand around a call that the caller itself sends."""
        outer = self.around(call)
        if self._inner is None:
            return outer
        inner = watch(self._inner, call)
        return inner if isinstance(outer, nullcontext) else _Nested(outer, inner)


class _Nested(AbstractContextManager[None]):
    """Stands around a call with one hook within another."""

    __slots__ = ("_inner", "_outer")

    def __init__(
        self,
        outer: AbstractContextManager[None],
        inner: AbstractContextManager[None],
    ) -> None:
        """Enter neither yet."""
        self._outer = outer
        self._inner = inner

    def __enter__(self) -> None:
        """Enter both."""
        self._outer.__enter__()
        try:
            self._inner.__enter__()
        except BaseException as raised:
            self._outer.__exit__(type(raised), raised, raised.__traceback__)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave both; an error of the inner one is shown to the outer one."""
        try:
            self._inner.__exit__(kind, error, trace)
        except BaseException as raised:
            self._outer.__exit__(type(raised), raised, raised.__traceback__)
            raise
        self._outer.__exit__(kind, error, trace)


def direct(call: Call, send: Callable[[], T]) -> T:
    """Send the call and nothing else."""
    return send()


def watch(hook: CallHook, call: Call) -> AbstractContextManager[None]:
    """Return what is entered before a call is sent and left after its answer.

    :raises TypeError: when the hook can only send calls itself.
    """
    if hook is direct:
        return nullcontext()
    if isinstance(hook, AroundHook):
        return hook.watch(call)
    raise TypeError(f"{hook!r} is no AroundHook and cannot watch {call.operation}")


class CallCounter(AroundHook):
    """Counts calls by system and operation on their way to another hook."""

    def __init__(self, inner: CallHook | None = None) -> None:
        """Start at zero."""
        super().__init__(inner)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def around(self, call: Call) -> AbstractContextManager[None]:
        """Count the call, whatever becomes of it."""
        with self._lock:
            self._counts[call.system, call.operation] += 1
        return nullcontext()

    def totals(self, system: str) -> dict[str, int]:
        """Return how many calls each operation of a system had."""
        with self._lock:
            counts = sorted(self._counts.items())
        return {operation: n for (name, operation), n in counts if name == system}
