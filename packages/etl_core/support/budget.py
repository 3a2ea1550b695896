"""Bytes that threads may hold at once."""

from collections.abc import Iterator
from contextlib import contextmanager
import threading


class ByteBudget:
    """Keeps threads waiting while others hold all the bytes there are.

    :param limit: of bytes held at once.
    :param always: how many threads need not wait, however much they hold.
    """

    def __init__(self, limit: int, always: int = 1) -> None:
        """Hold nothing."""
        self._limit = limit
        self._always = always
        self._bytes = 0
        self._holders = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Hold so many bytes as soon as there are."""
        with self._changed:
            self._changed.wait_for(lambda: self._free(size))
            self._bytes += size
            self._holders += 1
        try:
            yield
        finally:
            with self._changed:
                self._bytes -= size
                self._holders -= 1
                self._changed.notify_all()

    def _free(self, size: int) -> bool:
        """Tell whether so many bytes are left."""
        return self._holders < self._always or self._bytes + size <= self._limit
