"""Merges of streams that are in the same order."""

from collections.abc import Callable, Iterable, Iterator
import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Cursor(Generic[T]):
    """Looks values up in an ordered stream, by keys that only rise.

    :param values: in the order of their keys.
    :param key: the key of a value.
    :param passed: is shown each value that no look-up asked for.
    """

    def __init__(
        self,
        values: Iterable[T],
        key: Callable[[T], str],
        passed: Callable[[T], None] | None = None,
    ) -> None:
        """Stand before the first value."""
        self._values: Iterator[T] = iter(values)
        self._key = key
        self._passed = passed
        self._next = next(self._values, None)

    def take(self, key: str) -> list[T]:
        """Return the values of a key, in their order; empty when there are none."""
        self._skip_to(key)
        found = []
        while self._next is not None and self._key(self._next) == key:
            found.append(self._next)
            self._next = next(self._values, None)
        return found

    def last(self, key: str) -> T | None:
        """Return the last value of a key, or ``None``."""
        found = self.take(key)
        return found[-1] if found else None

    def finish(self) -> None:
        """Pass the rest."""
        while self._next is not None:
            self._pass(self._next)

    def _skip_to(self, key: str) -> None:
        """Pass the values before a key."""
        while self._next is not None and self._key(self._next) < key:
            self._pass(self._next)

    def _pass(self, value: T) -> None:
        """Leave a value behind."""
        if self._passed:
            self._passed(value)
        self._next = next(self._values, None)


def merged(*streams: Iterable[T], key: Callable[[T], str]) -> Iterator[T]:
    """Merge streams that are each in the order of their keys."""
    return heapq.merge(*streams, key=key)
