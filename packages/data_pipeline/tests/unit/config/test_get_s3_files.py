"""What the job may be asked for."""

from datetime import datetime, timedelta, timezone
from typing import Any
import unittest

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.support.shards import Shard

MOMENT = datetime(2026, 11, 21, tzinfo=timezone.utc)


def config(**changes: Any) -> GetS3FilesConfig:  # noqa: ANN401
    """Return the settings of a plain start, with some changed."""
    facts = {"agency_id": 10, "source_bucket": "in", "destination_bucket": "out"}
    return GetS3FilesConfig(**{**facts, **changes})


class GetS3FilesConfigTest(unittest.TestCase):
    """A start with the two buckets and nothing else, and changes of it."""

    def test_a_plain_start_takes_every_row(self) -> None:
        """Nothing narrows it, and the keys have no prefix."""
        plain = config()
        self.assertEqual((None, False), (plain.start, plain.partial))
        self.assertEqual(("", False), (plain.prefix, plain.check_source))

    def test_an_agency_has_a_positive_id(self) -> None:
        """Zero and less are refused with the option that was given."""
        for agency in (0, -10):
            with self.subTest(agency), self.assertRaisesRegex(ConfigError, "agency-id"):
                config(agency_id=agency)

    def test_there_is_one_beginning(self) -> None:
        """Both options that set one are named."""
        with self.assertRaisesRegex(ConfigError, "--since and --from"):
            config(since=MOMENT, options=RunOptions(start=MOMENT))

    def test_no_duration_counts_as_a_beginning_too(self) -> None:
        """A duration of zero beside --from is two beginnings."""
        with self.assertRaisesRegex(ConfigError, "--since and --from"):
            config(since=timedelta(), options=RunOptions(start=MOMENT))

    def test_a_prefix_leaves_room_for_ids_and_name(self) -> None:
        """Bytes count, not characters."""
        self.assertEqual("ä" * 256, config(prefix="ä" * 256).prefix)
        with self.assertRaisesRegex(ConfigError, "512 bytes"):
            config(prefix="ä" * 256 + "a")

    def test_the_state_of_runs_is_no_place_for_copies(self) -> None:
        """The reserved prefix is refused with the reason."""
        for prefix in ("_etl", "_etl/copies"):
            with self.subTest(prefix), self.assertRaisesRegex(ConfigError, "state"):
                config(prefix=prefix)

    def test_a_duration_counts_back_from_now(self) -> None:
        """The beginning of the last seven days is seven days ago."""
        before = datetime.now(timezone.utc)
        start = config(since=timedelta(days=7)).start
        after = datetime.now(timezone.utc)
        assert start is not None
        self.assertLessEqual(before, start + timedelta(days=7))
        self.assertGreaterEqual(after, start + timedelta(days=7))

    def test_a_beginning_is_taken_as_it_is(self) -> None:
        """A time of --since and of --from mean the same."""
        self.assertEqual(MOMENT, config(since=MOMENT).start)
        self.assertEqual(MOMENT, config(options=RunOptions(start=MOMENT)).start)

    def test_whatever_leaves_rows_out_makes_a_run_partial(self) -> None:
        """The index must keep the rows that such a run does not see."""
        narrowed = (
            config(since=MOMENT),
            config(since=timedelta()),
            config(options=RunOptions(start=MOMENT)),
            config(options=RunOptions(end=MOMENT)),
            config(options=RunOptions(limit=1)),
            config(options=RunOptions(units="replay.ndjson")),
        )
        for each in narrowed:
            with self.subTest(each):
                self.assertTrue(each.partial)

    def test_a_shard_is_whole_in_itself(self) -> None:
        """A shard is a scope of its own, and its run leaves nothing of it out."""
        sharded = config(options=RunOptions(shard=Shard(1, 3)))
        self.assertFalse(sharded.partial)
        self.assertEqual("1/3", sharded.scope()["shard"])

    def test_the_scope_is_who_writes_where(self) -> None:
        """Agency, destination, prefix and shard, and nothing about this start."""
        self.assertEqual(
            {
                "agency_id": 10,
                "destination_bucket": "out",
                "prefix": "silver",
                "shard": None,
            },
            config(prefix="silver", since=MOMENT, check_source=True).scope(),
        )

    def test_the_arguments_are_what_else_decides(self) -> None:
        """A run is resumed by a start that agrees in all of them."""
        options = RunOptions(start=MOMENT, end=MOMENT + timedelta(1), limit=5)
        self.assertEqual(
            {
                "source_bucket": "in",
                "check_source": True,
                "since": None,
                "from": "2026-11-21T00:00:00+00:00",
                "to": "2026-11-22T00:00:00+00:00",
                "limit": 5,
                "units": None,
            },
            config(check_source=True, options=options).arguments(),
        )

    def test_a_duration_stands_for_itself(self) -> None:
        """The same command resumes its run later, whatever the time is then."""
        first = config(since=timedelta(days=7)).arguments()
        self.assertEqual(first, config(since=timedelta(days=7)).arguments())
        self.assertNotEqual(first, config(since=timedelta(days=8)).arguments())
        self.assertNotEqual(config().arguments(), config(since=timedelta()).arguments())

    def test_how_a_run_is_made_is_no_argument(self) -> None:
        """Another concurrency or deadline resumes the same run."""
        options = RunOptions(concurrency=3, deadline_seconds=1, dry_run=True)
        self.assertEqual(config().arguments(), config(options=options).arguments())


if __name__ == "__main__":
    unittest.main()
