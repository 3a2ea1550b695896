"""What can go wrong, and the exit code that each failure means.

The class names the condition, its branch names the reaction: a person mends
:class:`ConfigError`, nobody retries :class:`DataError`, the same run continues
after :class:`TransientError`. The docstring is the default message.
"""

from enum import IntEnum
import inspect


class ExitCode(IntEnum):
    """The contract with Kubernetes, Airflow and people."""

    OK = 0
    BUG = 1
    USAGE = 2
    QUARANTINED = 3
    DATA = 65
    TRANSIENT = 75
    TERMINATED = 143


class EtlError(Exception):
    """A job could not do its work.

    :param message: what was wrong, where, and what to do; the first line of the
        docstring of the class when left out.
    :param context: facts for the log, never a secret.
    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str = "", **context: object) -> None:
        """Keep the facts beside the message."""
        text = message or (inspect.getdoc(type(self)) or "").partition("\n")[0]
        super().__init__(text)
        self.context = context


class ConfigError(EtlError):
    """A person must fix arguments or configuration."""

    exit_code = ExitCode.USAGE


class DataError(EtlError):
    """The input broke its contract; retrying will not help."""

    exit_code = ExitCode.DATA


class TransientError(EtlError):
    """An outside system failed for now; the same run may succeed later."""

    exit_code = ExitCode.TRANSIENT


class ReconciliationError(EtlError):
    """The ledger does not account for every unit that was listed."""


class Terminated(EtlError):
    """The process was asked to stop; the next start continues the run."""

    exit_code = ExitCode.TERMINATED


class DeadlineReached(TransientError):
    """The time budget is used up; the same command continues the run."""


class LeaseHeld(TransientError):
    """Another process is working on the same scope; start again when it is done."""


class LeaseLost(TransientError):
    """Another process took over this scope; this one wrote nothing more."""


class AccessRefused(ConfigError):
    """The store refused access; grant the permission that the message names."""


class BucketMissing(ConfigError):
    """The bucket does not exist; create it or correct its name."""


class ObjectMissing(DataError):
    """The object does not exist."""


class ConditionFailed(EtlError):
    """The object changed since it was read, so the conditional write was refused."""


class ObjectArchived(DataError):
    """The object lies in an archive tier; restore it, then replay the unit."""


class RequestRejected(DataError):
    """The store rejected the request as malformed."""


class SourceTooLarge(DataError):
    """The object is too large for one copy request."""
