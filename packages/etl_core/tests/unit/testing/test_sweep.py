"""Unit tests of :mod:`etl_core.testing.sweep`: counting and comparing."""

from typing import Any
import unittest

from etl_core.calls import Call
from etl_core.errors import EtlError
from etl_core.testing.observation import Observation, SeenObject
from etl_core.testing.sweep import check_counts, differences, spread

PUT = Call("s3", "PutObject", "s3://bucket/key")
HERE = SeenObject("aa", 2, "text/plain", (("owner", "ada"),), ())
LINE = ("unit=1", "done", "out/1", "etag", 2)
CLEAN = Observation({("out", "1"): HERE}, (), ((LINE,),), ())


class DifferencesTest(unittest.TestCase):
    """A clean world with one object and a ledger of one line."""

    def assert_differs(self, *expected: str, **changes: Any) -> None:  # noqa: ANN401
        """A world with some changes differs in this way from the clean one."""
        found = list(differences(CLEAN, CLEAN._replace(**changes)))
        self.assertEqual(list(expected), found)

    def test_the_same(self) -> None:
        """Two equal worlds do not differ."""
        self.assert_differs()

    def test_objects(self) -> None:
        """Missing ones, others, and those with another content or metadata."""
        self.assert_differs("out/1: missing", objects={})
        self.assert_differs(
            "out/2: not in the clean run",
            objects={**CLEAN.objects, ("out", "2"): HERE},
        )
        for other in (
            HERE._replace(sha256="bb"),
            HERE._replace(metadata=()),
            HERE._replace(tags=(("kind", "sample"),)),
        ):
            with self.subTest(other):
                self.assert_differs("out/1: different", objects={("out", "1"): other})

    def test_leftovers(self) -> None:
        """Unfinished uploads, and files of the state that no run names."""
        self.assert_differs("out/big: unfinished upload", uploads=("out/big",))
        self.assert_differs("part=1: named by no run", orphans=("part=1",))

    def test_ledgers(self) -> None:
        """A unit with two outcomes, another outcome, and no ledger at all."""
        differs = "the first closed ledger differs"
        self.assert_differs(
            "ledger 1: a unit has two outcomes", differs, ledgers=((LINE, LINE),)
        )
        self.assert_differs(differs, ledgers=((("unit=1", "skipped"),),))
        self.assert_differs(differs, ledgers=())

    def test_a_further_run(self) -> None:
        """One that follows the first is no difference, unless it counts twice."""
        unchanged = ("unit=1", "unchanged", "out/1", "etag", 2)
        self.assert_differs(ledgers=((LINE,), (unchanged,)))
        self.assert_differs(
            "ledger 2: a unit has two outcomes",
            ledgers=((LINE,), (unchanged, unchanged)),
        )


class CountsTest(unittest.TestCase):
    """Calls that were seen and calls that servers had."""

    def test_the_same(self) -> None:
        """What agrees passes; a server that does not count is left out."""
        check_counts([PUT, Call("postgresql", "commit", "db")], {"s3": 1})

    def test_a_call_past_the_seam(self) -> None:
        """The message says how many of which system."""
        with self.assertRaisesRegex(EtlError, "2 calls to s3 but 1 passed the seam"):
            check_counts([PUT], {"s3": 2})
        with self.assertRaisesRegex(EtlError, "1 calls to postgresql but 0 passed"):
            check_counts([PUT], {"s3": 1, "postgresql": 1})


class SpreadTest(unittest.TestCase):
    """Numbers of calls for a few kills."""

    def test_from_the_first_to_the_last(self) -> None:
        """Evenly, and never more than there are."""
        self.assertEqual([1, 4, 7, 10], spread(4, 10))
        self.assertEqual([1, 2, 3], spread(9, 3))
        self.assertEqual([1], spread(1, 10))
        self.assertEqual([], spread(0, 10))


if __name__ == "__main__":
    unittest.main()
