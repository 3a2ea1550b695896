"""How much is sent to the store at once: more while it keeps up, less when it says so.

The number of requests under way rises while answers come as fast as before, and falls
when a share of them is ``503 SlowDown``. A single refusal is only sent again.
"""

from collections.abc import Callable
import math
import random

STARTED_WITH = 64
FEWEST = 4
WINDOW_ANSWERS = 64
TOLERATED_SHARE = 0.10
SLOWER = 2.5
STEP = 1.1
RETRIES_PER_ANSWER = 0.2


class Throttle:
    """Decides about the next request of one client.

    :param ceiling: how many may be under way at the most.
    :param max_rps: how many may be sent each second; ``None`` for any number.
    :param retries: how many may be sent again before the share of
        :data:`RETRIES_PER_ANSWER` counts.
    """

    def __init__(
        self, ceiling: int, max_rps: float | None = None, retries: float = math.inf
    ) -> None:
        """Begin with a moderate number."""
        self._ceiling = ceiling
        self._limit = float(min(ceiling, STARTED_WITH))
        self._gap = 1.0 / max_rps if max_rps else 0.0
        self._next = -math.inf
        self._retries = self._most_retries = retries
        self._was_refused = False
        self._fastest = math.inf
        self._answers = self._refused = 0
        self._seconds = 0.0

    @property
    def limit(self) -> int:
        """How many requests may be under way."""
        return int(self._limit)

    def wait(self, now: float) -> float:
        """Return for how many seconds nothing may be sent."""
        return max(0.0, self._next - now)

    def sent(self, now: float) -> None:
        """Note a request.

        A pause may be made up for by a tenth of a second's worth of requests.
        """
        if self._gap:
            self._next = max(self._next, now - 0.1) + self._gap

    def may_retry(self) -> bool:
        """Take one of the retries that are left, if there is one."""
        if self._retries < 1.0:
            return False
        self._retries -= 1.0
        return True

    def answered(self, seconds: float, refused: bool) -> None:
        """Note an answer, and decide anew when there are enough of them.

        :param seconds: since it was sent.
        :param refused: whether the store asked for less.
        """
        self._answers += 1
        if refused:
            self._refused += 1
        else:
            self._seconds += seconds
            self._retries = min(self._retries + RETRIES_PER_ANSWER, self._most_retries)
        if self._answers >= max(WINDOW_ANSWERS, self._limit):
            self._decide()

    def _decide(self) -> None:
        """Raise or lower the number by what the last answers were."""
        share = self._refused / self._answers
        if share > TOLERATED_SHARE:
            self._was_refused = True
            self._limit = max(FEWEST, self._limit * (1 - share / 2))
        elif self._keeps_up():
            # Doubled until the store first refuses, as TCP's slow start does.
            factor = STEP if self._was_refused else 2.0
            self._limit = min(self._ceiling, max(self._limit + 1, self._limit * factor))
        self._answers = self._refused = 0
        self._seconds = 0.0

    def _keeps_up(self) -> bool:
        """Tell whether answers come about as fast as they ever did."""
        mean = self._seconds / max(1, self._answers - self._refused)
        self._fastest = min(self._fastest, mean)
        return mean <= SLOWER * self._fastest


def full_jitter(
    attempt: int, base: float, cap: float, rng: Callable[[], float] = random.random
) -> float:
    """Return how long to wait before a request is sent again.

    As in the AWS Architecture Blog, "Exponential Backoff And Jitter".

    :param attempt: how many there were, from 1.
    :param base: seconds, the upper bound of the first wait, doubled each time.
    :param cap: seconds, the upper bound of any wait.
    """
    return rng() * min(cap, base * 2.0 ** (attempt - 1))
