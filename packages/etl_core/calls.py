"""The seam through which every call to an outside system passes.

A hook sees each call before it is sent and its result before the caller does.
Crash points and fault injection are hooks, so that they hold for every client
that works behind the seam.
"""

from collections import Counter
from collections.abc import Callable
import threading
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


def direct(call: Call, send: Callable[[], T]) -> T:
    """Send the call and nothing else."""
    return send()


class CallCounter:
    """Counts calls by system and operation on their way to another hook.

    :param inner: the hook that sends.
    """

    def __init__(self, inner: CallHook = direct) -> None:
        """Start at zero."""
        self._inner = inner
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Count the call, whatever becomes of it."""
        with self._lock:
            self._counts[call.system, call.operation] += 1
        return self._inner(call, send)

    def totals(self, system: str) -> dict[str, int]:
        """Return how many calls each operation of a system had."""
        with self._lock:
            counts = sorted(self._counts.items())
        return {operation: n for (name, operation), n in counts if name == system}
