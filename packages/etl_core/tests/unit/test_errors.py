"""Unit tests of :mod:`etl_core.errors`."""

import unittest

from etl_core.errors import (
    AccessRefused,
    BucketMissing,
    ConditionFailed,
    ConfigError,
    DataError,
    DeadlineReached,
    EtlError,
    ExitCode,
    LeaseHeld,
    LeaseLost,
    ObjectMissing,
    ReconciliationError,
    Terminated,
    TransientError,
)


class ErrorsTest(unittest.TestCase):
    """The class of an error decides what its process exits with."""

    def test_exit_codes(self) -> None:
        """Each condition has the exit code of its branch."""
        expected = {
            EtlError: 1,
            ReconciliationError: 1,
            ConditionFailed: 1,
            ConfigError: 2,
            AccessRefused: 2,
            BucketMissing: 2,
            DataError: 65,
            ObjectMissing: 65,
            TransientError: 75,
            DeadlineReached: 75,
            LeaseHeld: 75,
            LeaseLost: 75,
            Terminated: 143,
        }
        self.assertEqual(expected, {kind: int(kind.exit_code) for kind in expected})

    def test_the_contract(self) -> None:
        """The numbers that Kubernetes reads are these and no others."""
        self.assertEqual(
            [0, 1, 2, 3, 65, 75, 143], sorted(int(code) for code in ExitCode)
        )

    def test_default_message(self) -> None:
        """Without a message an error says the first line of its docstring."""
        self.assertEqual(
            "The bucket does not exist; create it or correct its name.",
            str(BucketMissing()),
        )

    def test_message_and_context(self) -> None:
        """A message is kept as it is, and the facts stand beside it."""
        error = DataError("page 3 is torn", page=3)
        self.assertEqual("page 3 is torn", str(error))
        self.assertEqual({"page": 3}, error.context)


if __name__ == "__main__":
    unittest.main()
