"""Tests of the verb ``crashtest``."""

from collections.abc import Sequence
from contextlib import redirect_stdout
import io
import json
import sys
from typing import Any
import unittest
from unittest import mock

from etl_core import console
from etl_core.calls import Call
from etl_core.commands import crashtest
from etl_core.registry import Program
from etl_core.testing import proof
from etl_core.testing.crashpoints import Moment
from etl_core.testing.proof import Proof
from etl_core.testing.sweep import Point
from etl_core.tests.samples import SampleModuleTest

CALL = Call("s3", "PutObject", "s3://bucket/key")
POINT = Point(1, 1, Moment.BEFORE, False, CALL, 2, "")


class PreparedProof:
    """Stands for the module that makes the proof.

    :param points: what it finds.
    """

    Moment = Moment
    to_json = staticmethod(proof.to_json)
    table = staticmethod(proof.table)

    def __init__(self, *points: Point) -> None:
        """Keep what will be found."""
        self._points = list(points)
        self.asked: tuple[object, ...] = ()

    def prove(
        self,
        world: str,
        concurrency: Sequence[int],
        moments: Sequence[object],
        kills: int,
    ) -> Proof:
        """Remember what was asked for, and find what was prepared."""
        self.asked = (world, list(concurrency), list(moments), kills)
        return Proof({1: 1}, self._points, 1.5)


class CrashtestTest(SampleModuleTest):
    """A module with one job and no world, and proofs that are prepared."""

    def prove(self, found: PreparedProof, *argv: str) -> tuple[int, str]:
        """Call the verb; return its exit code and what it wrote."""
        printed = io.StringIO()
        program = Program(self.package, "plain")
        with redirect_stdout(printed):
            code = crashtest.command(program, ["plain", *argv], found)
        return code, printed.getvalue()

    def assert_refused(self, words: str, *argv: str) -> None:
        """It is exit code 2 and one line."""
        code, out, err = self.call("crashtest", *argv)
        self.assertEqual((2, ""), (code, out))
        self.assertRegex(err, words)
        self.assertEqual(1, err.count("\n"))

    def test_everything_is_proven_by_default(self) -> None:
        """All moments, one worker and four, and some kills, in the declared world."""
        found = PreparedProof(POINT)
        self.assertEqual(0, self.prove(found)[0])
        world = f"{self.name}.tests.worlds.plain:WORLD"
        self.assertEqual((world, [1, 4], list(Moment), 6), found.asked)

    def test_options_choose(self) -> None:
        """Another world, other workers, one moment, no kill."""
        found = PreparedProof(POINT)
        workers = ("--concurrency", "2", "--concurrency", "8")
        self.prove(
            found, *workers, "--world", "a.b:C", "--moments", "lost", "--kills", "0"
        )
        self.assertEqual(("a.b:C", [2, 8], [Moment.LOST], 0), found.asked)

    def test_json_is_one_object(self) -> None:
        """Programs get the numbers, and the first violation with its call."""
        bad = POINT._replace(difference="out/key: missing")
        code, out = self.prove(PreparedProof(POINT, bad), "--json")
        result: dict[str, Any] = json.loads(out)
        self.assertEqual((1, 1), (code, out.count("\n")))
        expected = {"job": "plain", "points": 2, "violations": 1, "seconds": 1.5}
        self.assertEqual(expected, {name: result[name] for name in expected})
        self.assertEqual(
            ("before", "PutObject", "out/key: missing"),
            (
                result["first_violation"]["moment"],
                result["first_violation"]["call"]["operation"],
                result["first_violation"]["difference"],
            ),
        )

    def test_table_ends_in_the_count(self) -> None:
        """People get the operations and, last, what it came to."""
        code, out = self.prove(PreparedProof(POINT))
        self.assertEqual(0, code)
        self.assertEqual("1 deaths, 0 violations, 2 s", out.splitlines()[-1])

    def test_arguments_are_checked(self) -> None:
        """A malformed one is named."""
        for argv, words in (
            (("plain", "--concurrency", "0"), "--concurrency"),
            (("plain", "--moments", "during"), "--moments.*'during'"),
            (("plain", "--kills", "-1"), "--kills"),
            ((), "job"),
        ):
            with self.subTest(argv):
                self.assert_refused(words, *argv)

    def test_an_unknown_job(self) -> None:
        """The job is named, before any server is started."""
        self.assert_refused("no job is called 'plane'", "plane")

    def test_a_missing_world(self) -> None:
        """The message says where it is to be declared."""
        self.assert_refused("declare the small world.*tests/worlds/<job>.py", "plain")

    def test_a_world_of_another_kind(self) -> None:
        """Whatever else lies there is refused."""
        self.assert_refused("is no .*World", "plain", "--world", "etl_core.calls:Call")

    def test_the_extra_is_missing(self) -> None:
        """The message names it."""
        with mock.patch.dict(sys.modules, {"etl_core.testing.proof": None}):
            self.assert_refused("install the extra testing", "plain")

    def test_help_starts_with_examples(self) -> None:
        """Two commands that can be copied."""
        out = io.StringIO()
        with redirect_stdout(out), self.assertRaises(SystemExit):
            console.main(self.package, "plain", ["crashtest", "--help"])
        self.assertIn("crashtest get_s3_files", out.getvalue())


if __name__ == "__main__":
    unittest.main()
