"""Much work on a store under way at once, in one thread.

Each piece of work is a generator of steps. Its requests wait their turn, are sent, and
sent again while they fail for now; with the last of its answers it goes on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
import heapq
import itertools
import time
from typing import Any, cast, Generic, TypeVar

import pycurl

from etl_core.calls import CallHook, watch
from etl_core.errors import EtlError, TransientError
from etl_core.retry import RetryPolicy
from etl_core.s3.requests import Request, Requests
from etl_core.s3.store import ObjectStore, Steps
from etl_core.s3.throttle import full_jitter, Throttle
from etl_core.s3.wire import failure, Handle, Wire
from etl_core.stop import POLL_SECONDS, StopSignal

T = TypeVar("T")
R = TypeVar("R")

SLOW_DOWN = frozenset({429, 503})
# Work whose requests all wait to be sent again keeps others from nothing.
WORK_PER_PLACE = 2


class _Work(Generic[R]):
    """One piece of work, waiting for answers.

    :param steps: goes on with them.
    """

    def __init__(self, steps: Steps[R]) -> None:
        """Wait for none yet."""
        self.steps = steps
        self.answers: list[Any] = []
        self.missing = 0
        self.error: EtlError | None = None


class _Sending:
    """One request of a piece of work, and how often it was sent."""

    __slots__ = ("answered", "attempts", "began", "first", "place", "request", "work")

    def __init__(self, work: _Work[Any], place: int, request: Request[Any]) -> None:
        """Note where the answer goes."""
        self.work = work
        self.place = place
        self.request = request
        self.attempts = 0
        self.first = self.began = 0.0
        self.answered: AbstractContextManager[None] | None = None


class Exchange(Generic[T, R]):
    """Works on many items at once.

    :param new_handle: makes a handle for one more request at once.
    :param wire: sends.
    :param hook: watches every request.
    :param retry: how a request that failed for now is sent again.
    :param throttle: how many are under way.
    :param moved: is shown a request that was refused because its bucket is
        elsewhere; tells whether to send it again.
    """

    def __init__(
        self,
        new_handle: Callable[[], Handle],
        wire: Wire,
        hook: CallHook,
        retry: RetryPolicy,
        throttle: Throttle,
        moved: Callable[[Request[Any], Handle], bool],
    ) -> None:
        """Begin with nothing under way."""
        self._new_handle = new_handle
        self._wire = wire
        self._hook = hook
        self._retry = retry
        self._throttle = throttle
        self._moved = moved
        self._requests = cast("ObjectStore", Requests())
        self._idle: list[Handle] = []
        self._under_way: dict[Handle, _Sending] = {}
        self._ready: deque[_Sending] = deque()
        self._later: list[tuple[float, int, _Sending]] = []
        self._numbers = itertools.count()
        self._results: deque[R] = deque()
        self._works = 0
        self._taking = True
        self._error: Exception | None = None

    def run(
        self, steps: Callable[[T], Steps[R]], items: Iterable[T], stop: StopSignal
    ) -> Iterator[R]:
        """Yield the results, as :meth:`ObjectStore.run_steps` promises."""
        waiting = iter(items)
        try:
            while True:
                self._take(steps, waiting, stop)
                self._send_ready()
                while self._results:
                    yield self._results.popleft()
                if not self._works and not self._taking:
                    break
                self._receive()
                if stop.overdue:
                    return
        finally:
            self._wait_for_the_rest(stop)
        if self._error is not None:
            raise self._error

    def _take(
        self, steps: Callable[[T], Steps[R]], items: Iterator[T], stop: StopSignal
    ) -> None:
        """Begin with more items while there is room."""
        limit = self._throttle.limit
        while (
            self._taking
            and not self._ready
            and len(self._under_way) < limit
            and self._works < limit * WORK_PER_PLACE
        ):
            if stop.requested:
                self._taking = False
                return
            try:
                item = next(items)
            except StopIteration:
                self._taking = False
                return
            except Exception as error:  # noqa: BLE001 - it is raised in the end
                self._fail(error)
                return
            self._works += 1
            self._go_on(_Work(steps(item)), lambda work: next(work.steps))
            self._send_ready()

    def _go_on(self, work: _Work[R], step: Callable[[_Work[R]], Any]) -> None:
        """Take the next step of a piece of work, or keep its result."""
        try:
            wanted = step(work)
            while not wanted:
                wanted = work.steps.send([])
        except StopIteration as end:
            self._works -= 1
            self._results.append(end.value)
            return
        except Exception as error:  # noqa: BLE001 - it is raised in the end
            self._works -= 1
            self._fail(error)
            return
        requests = [cast("Request[Any]", each(self._requests)) for each in wanted]
        work.answers = [None] * len(requests)
        work.missing = len(requests)
        work.error = None
        for place, request in enumerate(requests):
            self._ready.append(_Sending(work, place, request))

    def _fail(self, error: Exception) -> None:
        """Keep the first error and take no more."""
        self._error = self._error or error
        self._taking = False

    def _send_ready(self) -> None:
        """Send what waits, as far as the throttle lets it."""
        if self._later:
            self._wake_up()
        limit = self._throttle.limit
        while self._ready and len(self._under_way) < limit:
            now = time.monotonic()
            if self._throttle.wait(now) > 0:
                return
            self._send(self._ready.popleft(), now)

    def _wake_up(self) -> None:
        """Let those wait for their turn that have waited long enough."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])

    def _send(self, sending: _Sending, now: float) -> None:
        """Send one request."""
        self._throttle.sent(now)
        sending.attempts += 1
        sending.began = now
        sending.first = sending.first or now
        handle = self._idle.pop() if self._idle else self._new_handle()
        sending.answered = watch(self._hook, sending.request.call)
        try:
            sending.answered.__enter__()
            handle.prepare(sending.request)
        except EtlError as error:
            self._idle.append(handle)
            self._settle(sending, None, error)
            return
        self._under_way[handle] = sending
        self._wire.send(handle)

    def _receive(self) -> None:
        """Wait for answers and go on with the work that they are for."""
        seconds = POLL_SECONDS
        now = time.monotonic()
        if self._later:
            seconds = min(seconds, max(0.0, self._later[0][0] - now))
        if self._ready and len(self._under_way) < self._throttle.limit:
            seconds = min(seconds, self._throttle.wait(now))
        ended = [
            (self._under_way.pop(handle), handle, error)
            for handle, error in self._wire.wait(seconds)
        ]
        for sending, handle, error in ended:
            self._idle.append(handle)
            self._read(sending, handle, error)

    def _read(
        self, sending: _Sending, handle: Handle, error: pycurl.error | None
    ) -> None:
        """Read one answer."""
        request = sending.request
        answer, fault, status = None, None, 0
        try:
            if error is not None:
                raise failure(request, error)
            came = handle.answer()
            status = came.status
            answer = request.result(came)
        except EtlError as raised:
            fault = raised
        slow = status in SLOW_DOWN
        self._throttle.answered(time.monotonic() - sending.began, slow)
        self._leave(sending, answer, fault, handle)

    def _leave(
        self,
        sending: _Sending,
        answer: object,
        fault: EtlError | None,
        handle: Handle,
    ) -> None:
        """Show an answer to the hook, which may take it away."""
        assert sending.answered is not None
        try:
            if fault is None:
                sending.answered.__exit__(None, None, None)
            else:
                sending.answered.__exit__(type(fault), fault, fault.__traceback__)
        except EtlError as raised:
            fault = raised
        if fault is not None and self._moved(sending.request, handle):
            self._ready.appendleft(sending)
            return
        self._settle(sending, answer, fault)

    def _settle(
        self, sending: _Sending, answer: object, fault: EtlError | None
    ) -> None:
        """Keep an answer, or send the request again later."""
        if isinstance(fault, TransientError) and self._may_send_again(sending):
            delay = full_jitter(
                sending.attempts, self._retry.base_seconds, self._retry.cap_seconds
            )
            due = time.monotonic() + delay
            heapq.heappush(self._later, (due, next(self._numbers), sending))
            return
        work = sending.work
        work.answers[sending.place] = answer
        work.error = work.error or fault
        work.missing -= 1
        if work.missing:
            return
        found = work.error
        if found is None:
            self._go_on(work, lambda work: work.steps.send(work.answers))
        else:
            self._go_on(work, lambda work: work.steps.throw(found))

    def _may_send_again(self, sending: _Sending) -> bool:
        """Tell whether there is an attempt left, and time for it."""
        return (
            sending.attempts < self._retry.attempts
            and time.monotonic() - sending.first < self._retry.total_seconds
            and self._throttle.may_retry()
        )

    def _wait_for_the_rest(self, stop: StopSignal) -> None:
        """Wait for what is under way when nobody takes its results any more."""
        while self._under_way and not stop.overdue:
            for handle, _ in self._wire.wait(POLL_SECONDS):
                del self._under_way[handle]
        self._wire.close()
