"""Unit tests of :mod:`etl_core.runs.replay`: runs of quarantined units."""

import gzip
import unittest
from unittest import mock

from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.runs import ledger
from etl_core.runs.replay import origin_of, parent_of
from etl_core.runs.selection import read_unit_keys
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import RUN, World

FILE = ObjectRef("state", "_etl/job=j/scope=s/run=run-7/attempt=2/quarantine.ndjson.gz")
LINES = b"""{"unit": "u=1", "reason": "source_missing"}
{"unit": "u=2", "reason": "access_denied"}
"u=3"
"""


class OriginTest(unittest.TestCase):
    """What the record of a run says of its start."""

    def test_parent_is_the_run_whose_quarantine_it_is(self) -> None:
        """With or without a reason; any other file has no run."""
        for end in ("", "#reason=access_denied"):
            self.assertEqual("run-7", parent_of(FILE.url + end))
        for units in (None, "", "keys.ndjson", f"{FILE.url}.bak"):
            self.assertIsNone(parent_of(units))

    def test_origin_is_part_of_the_record(self) -> None:
        """A later process can make the same start from it."""
        options = RunOptions(
            argv=("--limit=4", "--shard=1/3"),
            narrowed_by=("--limit=4",),
            shard=Shard(1, 3),
            units=FILE.url,
        )
        expected = {
            "argv": ["--limit=4", "--shard=1/3"],
            "narrowed_by": ["--limit=4"],
            "parent": "run-7",
            "shard": "1/3",
        }
        self.assertEqual(expected, origin_of(options))

    def test_record_says_how_the_run_was_started(self) -> None:
        """And where its objects go, and of which keys each part of the ledger is."""
        world = World(3)
        with mock.patch.object(ledger, "PART_LINES", 2):
            world.run(run_id=RUN, argv=("--limit=4",))
        record = world.record()
        self.assertEqual(["--limit=4"], record["argv"])
        self.assertEqual(
            {"bucket": "silver", "prefix": "sample/"}, record["destination"]
        )
        self.assertEqual(
            [("001", "002"), ("003", "003")],
            [(part["first"][7:10], part["last"][7:10]) for part in record["parts"]],
        )

    def test_effects_say_how_long_they_took(self) -> None:
        """A unit that needed none says nothing."""
        world = World(1)
        world.run(run_id=RUN)
        world.run(run_id="run-2")
        [made], [unchanged] = world.lines_of(RUN), world.lines_of("run-2")
        self.assertGreaterEqual(made["seconds"], 0)
        self.assertIsNone(unchanged["seconds"])


class SelectionTest(unittest.TestCase):
    """The keys of a quarantine."""

    def keys(self, body: bytes, uri: str = FILE.url) -> list[str]:
        """Return the keys of a file."""
        store = FakeStore(FILE.bucket)
        store.seed(FILE, body)
        return list(read_unit_keys(store, uri))

    def test_reason_chooses_among_the_lines(self) -> None:
        """Without one all lines count, a bare key too."""
        packed = gzip.compress(LINES)
        self.assertEqual(["u=1", "u=2", "u=3"], self.keys(packed))
        self.assertEqual(["u=2"], self.keys(packed, f"{FILE.url}#reason=access_denied"))
        self.assertEqual([], self.keys(packed, f"{FILE.url}#reason=other"))

    def test_line_without_a_key_is_named(self) -> None:
        """By the file and its number, whatever the reason asked for."""
        for line in (b"{}", b"7", b'{"unit": 7}', b"no json"):
            with self.subTest(line), self.assertRaisesRegex(ConfigError, r"gz:4: "):
                self.keys(LINES + line, f"{FILE.url}#reason=other")


if __name__ == "__main__":
    unittest.main()
