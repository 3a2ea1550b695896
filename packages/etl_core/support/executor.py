"""A concurrent map over threads that takes no more than it can hold."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
import queue
import threading
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
) -> Generator[R, None, None]:
    """Yield the results of a function as they complete, in no particular order.

    The items are taken in the thread of the caller, one at a time, and only while
    fewer than ``in_flight`` are submitted. When a call or the items raise, or a stop
    is requested, no more is taken and what waits is dropped; what runs is finished
    and its results are yielded, and then the first error is raised. Leaving the
    iteration early also waits for what runs.

    What runs is waited for only until the stop signal is overdue: then it is given up,
    in threads that do not keep the process alive, and nothing is known of it.

    :param function: is called in threads that know the caller's context variables.
    :param items: what it is called with.
    :param workers: how many threads; with one, item, call and result follow each
        other.
    :param in_flight: how many items are running or waiting at the most.
    :param stop: ends the iteration early, without an error.
    """
    bound = max(in_flight, workers) if workers > 1 else 1
    return _Pool(function, items, workers, bound, stop or StopSignal()).run()


class _Task(Generic[T, R]):
    """One call that is to be made in a thread.

    :param item: what the function is called with.
    """

    def __init__(self, item: T) -> None:
        """Know the caller's context variables."""
        self.item = item
        self.future: Future[R] = Future()
        self.context = copy_context()


class _Pool(Generic[T, R]):
    """The state of one concurrent map."""

    def __init__(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        workers: int,
        in_flight: int,
        stop: StopSignal,
    ) -> None:
        """Take nothing yet."""
        self._function = function
        self._items = iter(items)
        self._workers = workers
        self._in_flight = in_flight
        self._stop = stop
        self._tasks: queue.SimpleQueue[_Task[T, R] | None] = queue.SimpleQueue()
        # A queue, because waiting on all futures costs time for each of them.
        self._completed: queue.SimpleQueue[Future[R]] = queue.SimpleQueue()
        self._futures: set[Future[R]] = set()
        self._threads: list[threading.Thread] = []
        self._taking = True
        self._abandoned = False
        self._error: BaseException | None = None

    def run(self) -> Generator[R, None, None]:
        """Yield the results; the threads are gone when this ends, or given up."""
        try:
            self._fill()
            while self._futures:
                yield from self._collect()
                self._fill()
        finally:
            self._drop_waiting()
            self._end_threads()
        if self._error is not None:
            raise self._error

    def _fill(self) -> None:
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
            self._submit(item)

    def _submit(self, item: T) -> None:
        """Let a thread call the function; start one when all may be busy."""
        task: _Task[T, R] = _Task(item)
        self._futures.add(task.future)
        self._tasks.put(task)
        if len(self._threads) < min(self._workers, len(self._futures)):
            name = f"etl_{len(self._threads)}"
            # A daemon: the interpreter would wait for any other when it ends.
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        """Call the function until there is nothing to be called with; in a thread."""
        while (task := self._tasks.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                task.future.set_result(task.context.run(self._function, task.item))
            except BaseException as error:  # noqa: BLE001 - raised by the caller
                task.future.set_exception(error)
            self._completed.put(task.future)

    def _collect(self) -> Iterator[R]:
        """Yield the next result, if it comes before a stop is to be looked for."""
        try:
            future = self._completed.get(timeout=POLL_SECONDS)
        except queue.Empty:
            self._look_for_stop()
            return
        self._futures.discard(future)
        error = future.exception()
        if error is None:
            yield future.result()
        else:
            self._fail(error)

    def _look_for_stop(self) -> None:
        """Drop what waits when a stop is requested, and what runs when it must end."""
        if self._stop.requested:
            self._drop_waiting()
        if self._stop.overdue:
            self._abandoned = True
            self._futures.clear()

    def _fail(self, error: BaseException) -> None:
        """Keep the first error and take no more."""
        self._error = self._error or error
        self._drop_waiting()

    def _drop_waiting(self) -> None:
        """Take no more items, and forget those that no thread has begun."""
        self._taking = False
        self._futures = {it for it in self._futures if not it.cancel()}

    def _end_threads(self) -> None:
        """Let the threads end, and wait for what they run unless it is given up."""
        for _ in self._threads:
            self._tasks.put(None)
        if not self._abandoned:
            for thread in self._threads:
                thread.join()
