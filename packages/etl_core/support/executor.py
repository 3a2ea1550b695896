"""A concurrent map over threads that takes no more than it can hold."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
import queue
from typing import Generic, TypeVar

from etl_core.stop import POLL_SECONDS, StopSignal

T = TypeVar("T")
R = TypeVar("R")


def run_bounded(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int,
    in_flight: int,
    stop: StopSignal | None = None,
) -> Iterator[R]:
    """Yield the results of a function as they complete, in no particular order.

    The items are taken in the thread of the caller, one at a time, and only while
    fewer than ``in_flight`` are submitted. When a call or the items raise, or a stop
    is requested, no more is taken and what waits is dropped; what runs is finished
    and its results are yielded, and then the first error is raised. Leaving the
    iteration early also waits for what runs.

    :param function: is called in threads that know the caller's context variables.
    :param items: what it is called with.
    :param workers: how many threads; with one, everything runs in the caller's.
    :param in_flight: how many items are running or waiting at the most.
    :param stop: ends the iteration early, without an error.
    """
    signal = stop or StopSignal()
    if workers == 1:
        return _run_inline(function, items, signal)
    return _Pool(function, items, max(in_flight, workers), signal).run(workers)


def _run_inline(
    function: Callable[[T], R], items: Iterable[T], stop: StopSignal
) -> Iterator[R]:
    """Do the same without threads, in the order of the items."""
    iterator = iter(items)
    while not stop.requested:
        try:
            item = next(iterator)
        except StopIteration:
            return
        yield function(item)


class _Pool(Generic[T, R]):
    """The state of one concurrent map."""

    def __init__(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        in_flight: int,
        stop: StopSignal,
    ) -> None:
        """Take nothing yet."""
        self._function = function
        self._items = iter(items)
        self._in_flight = in_flight
        self._stop = stop
        # A queue, because waiting on all futures costs time for each of them.
        self._completed: queue.SimpleQueue[Future[R]] = queue.SimpleQueue()
        self._futures: set[Future[R]] = set()
        self._taking = True
        self._error: BaseException | None = None

    def run(self, workers: int) -> Iterator[R]:
        """Yield the results; the threads are gone when this ends."""
        with ThreadPoolExecutor(workers, thread_name_prefix="etl") as executor:
            try:
                self._fill(executor)
                while self._futures:
                    yield from self._collect()
                    self._fill(executor)
            finally:
                self._drop_waiting()
        if self._error is not None:
            raise self._error

    def _fill(self, executor: ThreadPoolExecutor) -> None:
        """Submit items up to the bound."""
        while self._taking and len(self._futures) < self._in_flight:
            if self._stop.requested:
                self._drop_waiting()
                return
            try:
                item = next(self._items)
            except StopIteration:
                self._taking = False
                return
            except Exception as error:  # noqa: BLE001 - it is raised in the end
                self._fail(error)
                return
            future = executor.submit(copy_context().run, self._function, item)
            self._futures.add(future)
            future.add_done_callback(self._completed.put)

    def _collect(self) -> Iterator[R]:
        """Yield the next result, if it comes before a stop is to be looked for."""
        try:
            future = self._completed.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if self._taking and self._stop.requested:
                self._drop_waiting()
            return
        self._futures.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            yield future.result()
        else:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Keep the first error and take no more."""
        self._error = self._error or error
        self._drop_waiting()

    def _drop_waiting(self) -> None:
        """Take no more items, and forget those that no thread has begun."""
        self._taking = False
        for future in list(self._futures):
            future.cancel()
