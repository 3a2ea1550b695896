"""What is wrong with a contract, and where."""

from typing import NamedTuple

from etl_core.errors import ConfigError


class Fault(NamedTuple):
    """One thing that is wrong with a contract.

    :param line: from 1, as editors count.
    """

    location: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return it as compilers write it."""
        return f"{self.location}:{self.line}:{self.column}: {self.message}"


class ContractError(ConfigError):
    """A contract cannot be used; each fault says where and what to do."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults in the order of the file."""
        self.faults = sorted(faults, key=lambda it: (it.line, it.column))
        super().__init__("; ".join(str(each) for each in self.faults))
