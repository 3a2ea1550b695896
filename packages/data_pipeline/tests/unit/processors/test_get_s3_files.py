"""The processor of the job: rows become units, units become copies."""

from collections.abc import Callable
from datetime import timedelta, timezone
import gzip
import json
from typing import TypeVar
import unittest

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.processors.get_s3_files import (
    attachment_id_of,
    AttachmentUnits,
    fingerprint,
    GetS3Files,
    MANIFEST_ATTRIBUTES,
    skip_reason,
    unit_of,
)
from data_pipeline.repositories.attachments import (
    ATTACHMENT_FILES,
    AttachmentFile,
    AttachmentRepository,
    COUNT_ATTACHMENT_FILES,
)
from data_pipeline.tests.seeds import (
    AGENCY,
    AT_ONCE,
    attachment,
    BODY,
    CHANGED,
    DESTINATION,
    SOURCE,
    World,
)
from etl_core.calls import Call
from etl_core.errors import (
    AccessRefused,
    BucketMissing,
    ConfigError,
    DataError,
    ReconciliationError,
    TransientError,
)
from etl_core.runs.runner import Runner
from etl_core.s3.store import ObjectRef

T = TypeVar("T")

CONFIG = GetS3FilesConfig(AGENCY, SOURCE, DESTINATION)


class UnitTest(unittest.TestCase):
    """One row and the unit that it becomes."""

    def test_a_row_becomes_a_unit(self) -> None:
        """Its id names it, its bucket and key are the source, its ids the key."""
        unit = unit_of(attachment(), CONFIG)
        self.assertEqual("attachment_id=789", unit.key)
        self.assertEqual(ObjectRef(SOURCE, "in/789"), unit.source)
        self.assertEqual(
            "agency_id=10/user_id=123/document_id=456/attachment_id=789/report.pdf",
            unit.destination,
        )
        self.assertEqual((len(BODY), None), (unit.size, unit.skip))

    def test_the_manifest_tells_the_original_name(self) -> None:
        """A name that was cleaned for the key is kept beside it."""
        unit = unit_of(attachment(file_name="../a\nb"), CONFIG)
        assert unit.attributes is not None
        self.assertEqual(set(MANIFEST_ATTRIBUTES), set(unit.attributes))
        self.assertEqual("../a\nb", unit.attributes["file_name"])

    def test_only_what_is_stored_here_is_copied(self) -> None:
        """The status counts before the bucket."""
        reasons = {
            attachment(): None,
            attachment(status="pending"): "pending",
            attachment(status="deleted"): "deleted",
            attachment(bucket="elsewhere"): "other_bucket",
            attachment(bucket="elsewhere", status="deleted"): "deleted",
        }
        for file, reason in reasons.items():
            with self.subTest(file):
                self.assertEqual(reason, skip_reason(file, SOURCE))

    def test_whatever_tells_of_another_content_changes_the_fingerprint(self) -> None:
        """The place, the size, the checksum and the time of the last write."""
        plain = fingerprint(attachment())
        for change in (
            {"bucket": "elsewhere"},
            {"object_key": "in/790"},
            {"size_bytes": 1},
            {"size_bytes": None},
            {"checksum_sha256": "0" * 64},
            {"updated_at": CHANGED + timedelta(microseconds=1)},
        ):
            with self.subTest(change):
                self.assertNotEqual(plain, fingerprint(attachment(**change)))

    def test_the_time_zone_of_a_session_is_no_change(self) -> None:
        """A moment has one fingerprint, as whatever time it comes."""
        east = CHANGED.astimezone(timezone(timedelta(hours=2)))
        self.assertEqual(
            fingerprint(attachment()), fingerprint(attachment(updated_at=east))
        )

    def test_a_fingerprint_is_short_and_lasting(self) -> None:
        """It is the same in every process and release, or all is copied again."""
        self.assertEqual("365dcddc7ce9a0ab", fingerprint(attachment()))

    def test_a_unit_key_names_its_attachment(self) -> None:
        """What the ledger writes is what a replay reads."""
        for number in (1, 789, 2**62):
            self.assertEqual(
                number, attachment_id_of(unit_of(attachment(number), CONFIG).key)
            )

    def test_a_foreign_unit_key_is_refused(self) -> None:
        """The message shows what a key looks like."""
        for key in (
            "",
            "789",
            "attachment_id=0",
            "attachment_id=-1",
            "user_id=1",
            "attachment_id=1 ",
            "attachment_id=" + "9" * 20,
            "attachment_id=\u0661",
        ):
            with self.subTest(key), self.assertRaisesRegex(ConfigError, "looks like"):
                attachment_id_of(key)


class AttachmentUnitsTest(unittest.TestCase):
    """The units of an agency, counted and read in one snapshot."""

    def units(self, world: World, ids: list[int] | None = None) -> list[str]:
        """Return the keys of the units, after checking that they are counted."""
        repository = AttachmentRepository(world.database)
        with AttachmentUnits(CONFIG, repository, ids).snapshot() as snapshot:
            keys = [unit.key for unit in snapshot.units()]
            self.assertEqual(len(keys), snapshot.count())
        return keys

    def test_units_come_in_the_order_of_their_keys(self) -> None:
        """Ten comes before nine, as S3 lists it."""
        world = World(attachment(9), attachment(10))
        self.assertEqual(["attachment_id=10", "attachment_id=9"], self.units(world))

    def test_chosen_ids_are_the_only_units(self) -> None:
        """A replay of nothing has no unit."""
        world = World(attachment(1), attachment(2))
        self.assertEqual(["attachment_id=2"], self.units(world, [2, 3]))
        self.assertEqual([], self.units(world, []))

    def test_an_unknown_agency_is_a_mistake(self) -> None:
        """It is told apart from an agency without attachments."""
        config = GetS3FilesConfig(AGENCY + 1, SOURCE, DESTINATION)
        repository = AttachmentRepository(World().database)
        with (
            self.assertRaisesRegex(ConfigError, "--agency-id 11: there is no such"),
            AttachmentUnits(config, repository, None).snapshot(),
        ):
            self.fail("no snapshot is given")


class Refusing:
    """A hook that raises instead of sending some calls.

    :param operations: the operations it refuses.
    :param error: what it raises.
    """

    def __init__(self, error: Exception, *operations: str) -> None:
        """Keep both."""
        self.error = error
        self.operations = operations

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send the call or raise."""
        if call.operation in self.operations:
            raise self.error
        return send()


class GetS3FilesTest(unittest.TestCase):
    """Three attachments in place and nothing copied yet."""

    def setUp(self) -> None:
        """Fill table and buckets."""
        self.world = World(attachment(1), attachment(2), attachment(3))

    def process(self, world: World | None = None) -> dict[str, object]:
        """Run the processor and return its totals."""
        world = world or self.world
        runner = Runner(world.store, CONFIG.options, world.calls, lease=AT_ONCE)
        repository = AttachmentRepository(world.database)
        return GetS3Files(CONFIG, repository, world.store, runner).run()

    def answer_rows(
        self, change: Callable[[list[AttachmentFile]], list[AttachmentFile]]
    ) -> None:
        """Let the stream of rows be another than what is counted."""
        rows = change(self.world.table.files)
        self.world.database.answers[ATTACHMENT_FILES] = [row._asdict() for row in rows]

    def test_totals_are_plain_values(self) -> None:
        """Every row is done, and the result names where to read on."""
        result = self.process()
        self.assertEqual((3, 3), (result["listed"], result["done"]))
        self.assertEqual(3 * len(BODY), result["bytes"])
        self.assertEqual(3, len(self.world.copied()))

    def test_a_row_dropped_from_the_stream_fails_the_run(self) -> None:
        """The count is independent, so that nothing is lost in silence."""
        self.answer_rows(lambda rows: rows[:-1])
        with self.assertRaisesRegex(ReconciliationError, "3 units were counted but 2"):
            self.process()
        self.assertEqual({}, self.world.copied())

    def test_a_row_read_twice_fails_the_run(self) -> None:
        """One unit has one outcome."""
        self.answer_rows(lambda rows: [*rows, rows[-1]])
        with self.assertRaisesRegex(DataError, "out of order"):
            self.process()
        self.assertEqual({}, self.world.copied())

    def test_rows_in_another_order_fail_the_run(self) -> None:
        """A merge of unsorted rows would take objects for missing."""
        self.answer_rows(lambda rows: rows[::-1])
        with self.assertRaisesRegex(DataError, "out of order"):
            self.process()

    def test_a_line_removed_from_the_ledger_fails_the_run(self) -> None:
        """The outcomes are counted by reading what was stored, not what was meant."""
        world = World(attachment(1), attachment(2), hook=self.remove_line)
        self.world = world
        with self.assertRaisesRegex(DataError, "part=1.* was changed"):
            self.process(world)
        [record] = [key for key in world.state() if key.endswith("run.json")]
        self.assertEqual("open", json.loads(world.state()[record])["status"])

    def remove_line(self, call: Call, send: Callable[[], T]) -> T:
        """Send a call, and take the last line out of a part of the ledger."""
        answer = send()
        if call.operation == "PutObject" and "/part=" in call.target:
            key = call.target.removeprefix(f"s3://{DESTINATION}/")
            ref = ObjectRef(DESTINATION, key)
            lines = gzip.decompress(self.world.store.buckets[DESTINATION][key].body)
            fewer = lines.splitlines(keepends=True)[:-1]
            self.world.store.seed(ref, gzip.compress(b"".join(fewer)))
        return answer

    def test_a_failed_query_copies_nothing(self) -> None:
        """Neither count nor rows are taken for an empty agency."""
        for sql in (COUNT_ATTACHMENT_FILES, ATTACHMENT_FILES):
            with self.subTest(sql), self.assertRaises(TransientError):
                world = World(attachment(1))
                world.database.answers[sql] = TransientError("lost")
                self.process(world)
            self.assertEqual({}, world.copied())

    def test_a_failed_listing_copies_nothing(self) -> None:
        """A destination that cannot be listed is not taken for an empty one."""
        lost = Refusing(TransientError("lost"), "ListObjectsV2")
        world = World(attachment(1), hook=lost)
        with self.assertRaises(TransientError):
            self.process(world)
        self.assertEqual({}, world.copied())

    def test_both_buckets_are_looked_at_first(self) -> None:
        """A missing or refused bucket stops the run before the database is asked."""
        for bucket in (SOURCE, DESTINATION):
            with self.subTest(bucket), self.assertRaisesRegex(BucketMissing, bucket):
                world = World()
                del world.store.buckets[bucket]
                self.process(world)
            self.assertEqual([], world.database.calls)
            words = f"HeadBucket on s3://{bucket}"
            with self.subTest(bucket), self.assertRaisesRegex(AccessRefused, words):
                world = World()
                world.store.refuse(bucket)
                self.process(world)
            self.assertEqual([], world.database.calls)


if __name__ == "__main__":
    unittest.main()
