"""Work on a store in steps, so that a client may have much of it under way at once.

Such work is a generator. It yields what it wants of the store and is given the answer,
or the error. A client on threads takes each piece of work through its steps in one
thread; a client that waits for many answers in one thread goes on with whichever
answer comes first.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, cast, TypeVar

from etl_core.s3.store import ObjectStore, Steps
from etl_core.stop import StopSignal
from etl_core.support.executor import run_bounded

T = TypeVar("T")
R = TypeVar("R")

WAITING_PER_WORKER = 8


def ask(wanted: Callable[[ObjectStore], T]) -> Steps[T]:
    """Take one step and return the answer of the store."""
    (answer,) = yield (wanted,)
    return cast("T", answer)


def ask_all(wanted: Sequence[Callable[[ObjectStore], T]]) -> Steps[list[T]]:
    """Take several steps that may be under way at once; return the answers in order.

    When one fails its error is raised, after all of them have ended.
    """
    return (yield tuple(wanted))


def finish(store: ObjectStore, steps: Generator[Any, Any, T]) -> T:
    """Take all the steps of one piece of work, one after the other."""
    try:
        wanted = next(steps)
        while True:
            try:
                answers = [each(store) for each in wanted]
            except Exception as error:  # noqa: BLE001 - the work decides about it
                wanted = steps.throw(error)
            else:
                wanted = steps.send(answers)
    except StopIteration as end:
        return cast("T", end.value)


class ThreadedStore:
    """What makes a client whose calls block able to run much work at once."""

    def run_steps(
        self: ObjectStore,
        steps: Callable[[T], Steps[R]],
        items: Iterable[T],
        *,
        workers: int,
        stop: StopSignal,
    ) -> Iterator[R]:
        """Yield the results of the work as it ends, in as many threads as workers."""
        return run_bounded(
            lambda item: finish(self, steps(item)),
            items,
            workers=workers,
            in_flight=workers * WAITING_PER_WORKER,
            stop=stop,
        )
