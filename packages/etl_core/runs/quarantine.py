"""When a quarantine is no longer about single units, the run stops."""

from dataclasses import dataclass

from etl_core.errors import ConfigError, DataError
from etl_core.runs.units import Line, Outcome

ALIKE_UNITS = 100


@dataclass
class QuarantineWatch:
    """Sees what becomes of the units and stops a run that is going wrong as a whole.

    :param allowed: how many units may be quarantined.
    """

    allowed: int
    quarantined: int = 0
    seen: int = 0
    alike: str | None = None
    last: Line | None = None

    def see(self, line: Line) -> None:
        """Take note of a unit.

        :raises ConfigError: when the first hundred all failed for one reason.
        :raises DataError: when more than allowed are quarantined.
        """
        self.seen += 1
        reason = line.reason if line.outcome == Outcome.QUARANTINED.value else None
        if self.seen == 1:
            self.alike = reason
        elif reason != self.alike:
            self.alike = None
        if reason:
            self.quarantined += 1
            self.last = line
        if self.alike and self.seen == ALIKE_UNITS:
            raise ConfigError(
                f"the first {ALIKE_UNITS} units all failed with {self.alike}, for "
                f"example s3://{line.source.bucket}/{line.source.key}; check the "
                "source bucket and the permissions, then start again"
            )
        # As long as all fail alike, the cause may be one that a person can mend.
        if not self.alike:
            self.check()

    def check(self) -> None:
        """Return when no more are quarantined than allowed.

        :raises DataError: when there are.
        """
        if self.last and self.quarantined > self.allowed:
            raise DataError(
                f"{self.quarantined} units are quarantined, more than the "
                f"{self.allowed} allowed (the last one: {self.last.unit}, "
                f"{self.last.reason}); mend the cause or raise --max-quarantined, then "
                "start again to continue the run"
            )
