"""Tests of the verb ``verify``."""

import unittest
from unittest import mock

from etl_core.errors import ConfigError, DataError
from etl_core.runs import ledger
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard
from etl_core.tests.verbs import VerbTest
from etl_core.tests.worlds import make_scope, make_spec, make_unit, TARGET


class VerifyTest(VerbTest):
    """A closed run, and what happened to its objects since."""

    def setUp(self) -> None:
        """Close a run."""
        super().setUp()
        with mock.patch.object(ledger, "PART_LINES", 2):
            self.world.run(run_id="first")

    def counts(self, *argv: str) -> tuple[int, int, int, int | None]:
        """Return exit code, missing, changed and extra."""
        code, found = self.call("verify", "first", *argv)
        return code, found["missing"], found["changed"], found["extra"]

    def test_agrees(self) -> None:
        """A unit that was quarantined need not be there; nothing is written."""
        before = self.world.snapshot()
        self.assertEqual((0, 0, 0, 0), self.counts())
        found = self.result("verify", "first")
        self.assertEqual(("agrees", 4), (found["status"], found["units"]))
        self.assertEqual(before, self.world.snapshot())

    def test_missing(self) -> None:
        """An object was removed."""
        self.world.store.remove(self.world.target_of(2))
        self.assertEqual((65, 1, 0, 0), self.counts())
        found = self.call("verify", "first")[1]
        self.assertEqual(
            [{"key": "sample/002/file.bin", "unit": "sample=2"}],
            found["first_missing"],
        )

    def test_changed(self) -> None:
        """An object was replaced, by one of the same size too."""
        self.world.store.seed(self.world.target_of(1), b"CONTENT 1")
        self.world.store.seed(self.world.target_of(3), b"longer than before")
        self.assertEqual((65, 0, 2, 0), self.counts())
        first = self.call("verify", "first")[1]["first_changed"][0]
        self.assertEqual((9, 9), (first["size"], first["size_now"]))
        self.assertNotEqual(first["etag"], first["etag_now"])

    def test_extra(self) -> None:
        """Objects that no unit names, before, between and after those of the run."""
        for name in ("sample/000", "sample/002/file.bin2", "sample/9"):
            self.world.store.seed(ObjectRef(TARGET, name), b"x")
        self.world.store.seed(ObjectRef(TARGET, "samples"), b"another prefix")
        self.assertEqual((65, 0, 0, 3), self.counts())

    def test_object_of_a_quarantined_unit_is_not_extra(self) -> None:
        """It is named in the ledger."""
        self.world.store.seed(self.world.target_of(4), b"x")
        self.assertEqual((0, 0, 0, 0), self.counts())

    def test_only_the_first_are_named(self) -> None:
        """All are counted."""
        for name in ("sample/7", "sample/8", "sample/9"):
            self.world.store.seed(ObjectRef(TARGET, name), b"x")
        code, found = self.call("verify", "first", "--limit", "2")
        self.assertEqual((65, 3, 2), (code, found["extra"], len(found["first_extra"])))

    def test_partial_run_knows_no_extra(self) -> None:
        """It did not look at all units; nor did one shard."""
        self.world.store.seed(ObjectRef(TARGET, "sample/9"), b"x")
        self.world.run(make_spec(scope={"n": 1}, partial=True), run_id="second")
        self.world.run(make_spec(scope={"n": 2}), run_id="third", shard=Shard(0, 2))
        third = make_scope().sibling({"n": 2}).record("third").key
        folder = third.partition("/scope=")[2].partition("/")[0]
        for run_id in ("second", f"{folder}/third"):
            with self.subTest(run_id):
                self.assertIsNone(self.result("verify", run_id)["extra"])

    def test_state_is_no_extra(self) -> None:
        """A run may write to the root of the bucket that keeps its records."""
        self.world.run(make_spec(prefix="", scope={"n": 2}), run_id="second")
        self.assertEqual(0, self.result("verify", "second")["extra"])

    def test_newer_run_is_named(self) -> None:
        """It explains what changed."""
        self.world.replace(1, b"newer")
        self.world.run(run_id="second")
        code, found = self.call("verify", "first")
        self.assertEqual(
            (65, 1, "second"), (code, found["changed"], found["newest_run"])
        )

    def test_open_run_has_no_ledger(self) -> None:
        """There is nothing to compare with."""
        self.world.units.append(make_unit(5))
        self.world.replace(2, b"newer")
        self.left_open("second")
        with self.assertRaisesRegex(ConfigError, "second is open and has no ledger"):
            self.call("verify", "second")

    def test_changed_ledger_is_noticed(self) -> None:
        """Its checksum is in the record."""
        part = ObjectRef(TARGET, self.world.record("first")["parts"][0]["key"])
        self.world.store.seed(part, b"x")
        with self.assertRaisesRegex(DataError, "changed after it was written"):
            self.call("verify", "first")


if __name__ == "__main__":
    unittest.main()
