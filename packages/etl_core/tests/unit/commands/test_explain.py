"""Tests of the verb ``explain``."""

from typing import Any
import unittest
from unittest import mock

from etl_core.errors import ConfigError, TransientError
from etl_core.runs import ledger
from etl_core.s3.store import ObjectRef
from etl_core.tests.verbs import VerbTest
from etl_core.tests.worlds import Disturbance, fail, make_spec, TARGET


class ExplainTest(VerbTest):
    """A run of four units, one part of the ledger for each two."""

    def setUp(self) -> None:
        """Close a run."""
        super().setUp()
        self.world.add(5, b"x", skip="other_bucket")
        self.run_world("first")

    def run_world(self, run_id: str, **spec: Any) -> None:  # noqa: ANN401
        """Make a run with small parts."""
        with mock.patch.object(ledger, "PART_LINES", 2):
            self.world.run(make_spec(**spec), run_id=run_id)

    def explain(self, key: str) -> dict[str, Any]:
        """Return the explanation of an object."""
        self.world.store.requests.clear()
        return self.result("explain", f"s3://{TARGET}/{key}")

    def test_made(self) -> None:
        """Unit, source, run, attempt, job version and time."""
        found = self.explain("sample/002/file.bin")
        self.assertEqual(("made", True), (found["status"], found["present"]))
        self.assertEqual(
            ("sample=2", "s3://bronze/in/002", "first", 1, "copy_samples", "1.0"),
            tuple(
                found[name]
                for name in ("unit", "source", "run_id", "attempt", "job", "version")
            ),
        )
        self.assertLess(
            self.world.record("first")["attempts"][0]["started"], found["at"]
        )

    def test_one_part_is_read(self) -> None:
        """The record says which one holds the key."""
        self.explain("sample/003/file.bin")
        parts = [it for it in self.world.store.requests if "part=" in it.target]
        self.assertEqual(["part=2.ndjson.gz"], [it.target[-16:] for it in parts])

    def test_unchanged_since_it_was_made(self) -> None:
        """The run that made it is found, not the last that looked at it."""
        self.run_world("second")
        self.run_world("third")
        found = self.explain("sample/002/file.bin")
        self.assertEqual(
            ("made", "first", "third", "unchanged"),
            (found["status"], found["run_id"], found["last_run_id"], found["outcome"]),
        )

    def test_removed(self) -> None:
        """Somebody else did."""
        self.world.store.remove(self.world.target_of(2))
        found = self.explain("sample/002/file.bin")
        self.assertEqual(("removed", False), (found["status"], found["present"]))
        self.assertIn("run first left it in place", found["because"])

    def test_changed(self) -> None:
        """Another content is there, of the same size."""
        self.world.store.seed(self.world.target_of(2), b"CONTENT 2")
        self.assertEqual("changed", self.explain("sample/002/file.bin")["status"])

    def test_quarantined(self) -> None:
        """With the reason, and the command that tries again."""
        found = self.explain("sample/004/file.bin")
        self.assertEqual(
            ("quarantined", "source_missing"), (found["status"], found["reason"])
        )
        self.assertEqual(
            f"sample replay first --reason source_missing --state s3://{TARGET}/_etl/",
            found["replay"],
        )

    def test_skipped(self) -> None:
        """There is nothing to replay."""
        found = self.explain("sample/005/file.bin")
        self.assertEqual(
            ("skipped", "other_bucket"), (found["status"], found["reason"])
        )
        self.assertIsNone(found["replay"])

    def test_no_row(self) -> None:
        """The run that looked at all units is named."""
        for key in ("sample/002/file", "sample/9"):
            found = self.explain(key)
            self.assertEqual("no_row", found["status"])
            self.assertIn("run first, the newest", found["because"])

    def test_extra(self) -> None:
        """An object that no run has a row for."""
        self.world.store.seed(ObjectRef(TARGET, "sample/9"), b"x")
        self.assertEqual("extra", self.explain("sample/9")["status"])

    def test_unknown_prefix(self) -> None:
        """No run writes there."""
        self.assertEqual("unknown", self.explain("elsewhere/9")["status"])

    def test_left_over(self) -> None:
        """Its row is gone since a later run."""
        del self.world.units[1]
        self.run_world("second")
        found = self.explain("sample/002/file.bin")
        self.assertEqual(("left_over", "first"), (found["status"], found["run_id"]))
        self.assertIn("run second had no row for it", found["because"])

    def test_partial_run_does_not_know_what_is_gone(self) -> None:
        """A run of a few units says nothing of the others."""
        units, self.world.units = self.world.units, self.world.units[:1]
        self.run_world("second", partial=True)
        self.world.units = units
        found = self.explain("sample/002/file.bin")
        self.assertEqual(("made", "first"), (found["status"], found["run_id"]))

    def test_open_run_has_judged_nothing(self) -> None:
        """What it does not say is not gone."""
        self.world.add(6, b"newer")
        with self.assertRaises(TransientError):
            self.world.run(run_id="second", hook=Disturbance("CopyObject", fail))
        self.assertEqual("made", self.explain("sample/002/file.bin")["status"])
        self.assertIn("run first,", self.explain("sample/9")["because"])

    def test_other_bucket(self) -> None:
        """The same key elsewhere is another object."""
        state = ("--state", f"s3://{TARGET}/_etl", "--json")
        text = self.write("explain", "s3://bronze/sample/002/file.bin", *state)[1]
        self.assertIn('"unknown"', text)

    def test_state(self) -> None:
        """The records of runs are no units."""
        record = "_etl/job=x/scope=y/run=z/run.json"
        self.assertEqual("state", self.explain(record)["status"])

    def test_state_elsewhere(self) -> None:
        """It is looked for where the option says."""
        self.world.store.buckets["runs"] = {}
        uri = f"s3://{TARGET}/sample/002/file.bin"
        text = self.write("explain", uri, "--state", "s3://runs/x", "--json")[1]
        self.assertIn('"extra"', text)

    def test_no_object(self) -> None:
        """An address without a key is a mistake."""
        for uri in (f"s3://{TARGET}", f"s3://{TARGET}/", "file.bin"):
            with self.subTest(uri), self.assertRaisesRegex(ConfigError, "no object"):
                self.write("explain", uri)


if __name__ == "__main__":
    unittest.main()
