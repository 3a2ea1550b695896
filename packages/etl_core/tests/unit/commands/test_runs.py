"""Tests of the verb ``runs``."""

import unittest

from etl_core.errors import ConfigError
from etl_core.tests.verbs import PLACE, VerbTest
from etl_core.tests.worlds import make_spec, OtherProcess, TARGET


class RunsTest(VerbTest):
    """What ran in a bucket."""

    def ids(self, *argv: str) -> list[str]:
        """Return the runs that are listed."""
        return [row["run_id"] for row in self.result("runs", *argv)["runs"]]

    def test_closed_run(self) -> None:
        """Times, status, totals and attempts."""
        self.world.run(run_id="first")
        [row] = self.result("runs")["runs"]
        self.assertEqual(
            {"listed": 4, "done": 3, "unchanged": 0, "skipped": 0, "quarantined": 1},
            {name: row["totals"][name] for name in row["totals"] if name != "bytes"},
        )
        self.assertEqual(
            ("closed", None, 1, None),
            (row["status"], row["lease"], row["attempts"], row["parent"]),
        )
        self.assertLess(row["started"], row["ended"])

    def test_newest_first_whatever_the_name(self) -> None:
        """Names that sort by time and names that were given are mixed."""
        made = [
            self.world.run(make_spec(scope={"n": number}), run_id=name)["run_id"]
            for number, name in enumerate(("z", None, "a", None))
        ]
        self.assertEqual(made[::-1], self.ids())
        self.assertEqual(made[:1:-1], self.ids("--limit", "2"))

    def test_runs_of_one_job(self) -> None:
        """A job whose name begins alike is another."""
        self.world.run(run_id="first")
        self.world.run(make_spec(job="copy"), run_id="second")
        self.assertEqual(["second"], self.ids("--job", "copy"))

    def test_replay_names_its_parent(self) -> None:
        """So that the two are seen together."""
        self.world.run(run_id="first")
        self.replayed("second", "first")
        self.assertEqual("first", self.result("runs")["runs"][0]["parent"])

    def test_open_run_that_nobody_works_on(self) -> None:
        """Its lease was let go."""
        self.left_open("first")
        [row] = self.result("runs")["runs"]
        self.assertEqual(("open", "dead", None), _state(row))
        self.assertEqual({}, row["totals"])

    def test_open_run_that_somebody_works_on(self) -> None:
        """Its lease was renewed just now."""
        OtherProcess(self.world).take_over()
        [row] = self.result("runs")["runs"]
        self.assertEqual(("open", "alive", None), _state(row))

    def test_superseded_run_has_ended(self) -> None:
        """A start with other arguments ended it."""
        self.left_open("first")
        self.world.run(make_spec(arguments={"limit": 3}), run_id="second")
        row = self.result("runs")["runs"][1]
        self.assertEqual(("superseded", None), _state(row)[:2])
        self.assertIsNotNone(row["ended"])

    def test_no_runs(self) -> None:
        """An empty bucket is no mistake."""
        self.assertEqual([], self.result("runs")["runs"])

    def test_table_is_for_people(self) -> None:
        """Without ``--json``."""
        self.world.run(run_id="first")
        code, text = self.write("runs", *PLACE)
        self.assertEqual(0, code)
        self.assertIn("first", text)
        self.assertFalse(text.startswith("{"))

    def test_place_is_missing(self) -> None:
        """The error says all ways to name it."""
        with self.assertRaisesRegex(ConfigError, "--state .*ETL_DESTINATION_BUCKET"):
            self.write("runs")

    def test_state_of_its_own(self) -> None:
        """It is not looked for in the bucket of the objects."""
        self.world.run(run_id="first")
        code, text = self.write("runs", "--state", f"s3://{TARGET}/other", "--json")
        self.assertEqual((0, False), (code, "first" in text))
        code, text = self.write("runs", "--state", f"s3://{TARGET}/_etl", "--json")
        self.assertIn("first", text)


def _state(row: dict[str, object]) -> tuple[object, object, object]:
    """Return what a row says of how it ended."""
    return row["status"], row["lease"], row["ended"]


if __name__ == "__main__":
    unittest.main()
