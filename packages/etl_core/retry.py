"""Retry with exponential backoff and full jitter; only transient errors."""

from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import TypeVar

from tenacity import (
    retry_if_exception_type,
    Retrying,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from etl_core.config import S3Settings
from etl_core.errors import TransientError

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long a call is tried; both bounds hold.

    Full jitter as in the AWS Architecture Blog, "Exponential Backoff And Jitter".

    :param attempts: how many times at the most, the first one included.
    :param total_seconds: no further attempt starts after this time.
    :param base_seconds: upper bound of the first wait, doubled each time.
    :param cap_seconds: upper bound of any wait.
    :param sleep: how to wait; tests pass one that does not.
    """

    attempts: int = 6
    total_seconds: float = 60.0
    base_seconds: float = 0.2
    cap_seconds: float = 10.0
    sleep: Callable[[float], None] = time.sleep

    def call(self, function: Callable[[], T]) -> T:
        """Return what the function returns.

        :raises TransientError: the last one, when the bounds are reached.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(self.attempts)
            | stop_after_delay(self.total_seconds),
            wait=wait_random_exponential(self.base_seconds, self.cap_seconds),
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(function)


def for_store(settings: S3Settings) -> RetryPolicy:
    """Return how long a request to the store is tried."""
    return RetryPolicy(
        attempts=settings.retry_attempts, total_seconds=settings.retry_seconds
    )


NO_RETRY = RetryPolicy(attempts=1)
