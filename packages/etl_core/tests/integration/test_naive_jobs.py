"""The crash proof finds what is wrong, where it is wrong, and nothing else."""

from collections import Counter
import unittest

from etl_core.testing.crashpoints import Moment
from etl_core.testing.proof import Proof, prove
from etl_core.testing.sweep import Point

NAIVE = "etl_core.tests.naive"
FOLDERS = ("counter", "done", "out", "tmp")


def prove_naive(name: str, kills: int = 0) -> Proof:
    """Sweep over one of the naive jobs."""
    return prove(f"{NAIVE}:{name}", [1], list(Moment), kills)


def place_of(point: Point) -> tuple[str, str, str]:
    """Return where a job died: moment, operation and what it was about."""
    assert point.call is not None
    written = f"/{point.call.target.rpartition(' ')[2]}"
    folder = next(it for it in FOLDERS if f"/{it}" in written)
    return point.moment.value, point.call.operation, folder


class NaiveJobTest(unittest.TestCase):
    """Two units, killed before, after and with a lost answer at every call."""

    def assert_caught(self, name: str, *expected: tuple[str, str, str]) -> None:
        """The job is wrong at these points, once for each unit, and at no others."""
        proof = prove_naive(name)
        self.assertEqual([], proof.not_reached)
        self.assertEqual(
            dict.fromkeys(expected, 2), Counter(map(place_of, proof.violations))
        )

    def test_effect_before_record(self) -> None:
        """It counts a unit twice when it dies between the two."""
        self.assert_caught(
            "EFFECT_FIRST",
            ("after", "PutObject", "counter"),
            ("before", "PutObject", "done"),
        )

    def test_record_before_effect(self) -> None:
        """It loses a unit when it dies between the two."""
        self.assert_caught(
            "RECORD_FIRST",
            ("after", "PutObject", "done"),
            ("before", "CopyObject", "out"),
        )

    def test_tidy_up_in_finally(self) -> None:
        """Nobody tidies up after a death."""
        self.assert_caught(
            "TIDY_UP",
            ("after", "CopyObject", "out"),
            ("before", "DeleteObjects", "tmp"),
        )

    def test_random_names(self) -> None:
        """No two worlds are the same, wherever it dies."""
        proof = prove_naive("RANDOM_NAME")
        self.assertEqual(proof.points, proof.violations)
        self.assertEqual(6, len(proof.points))
        died = next(it for it in proof.points if it.moment is Moment.AFTER)
        self.assertEqual(3, died.difference.count("not in the clean run"))
        self.assertEqual(2, died.difference.count("missing"))

    def test_a_correct_job(self) -> None:
        """It passes, also when a process of its own is killed."""
        proof = prove_naive("CORRECT", kills=2)
        self.assertEqual([], proof.violations)
        self.assertEqual({1: 6}, proof.calls)
        self.assertEqual(
            [(1, "before"), (1, "after"), (6, "before"), (6, "after")],
            [(it.number, it.moment.value) for it in proof.points if it.killed],
        )
        self.assertEqual([], proof.not_reached)


if __name__ == "__main__":
    unittest.main()
