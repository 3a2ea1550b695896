"""The job as the dispatcher starts it, on fakes."""

from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
import io
import json
import os
from pathlib import Path
import tempfile
from typing import TypeVar
import unittest
from unittest import mock

from data_pipeline.jobs.get_s3_files import entrypoint, JOB, parser
from data_pipeline.processors.get_s3_files import JOB_NAME
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.seeds import (
    AGENCY,
    AT_ONCE,
    attachment,
    BODY,
    BUCKETS,
    CHANGED,
    DESTINATION,
    SOURCE,
    World,
)
from etl_core.calls import Call
from etl_core.errors import (
    ConfigError,
    DataError,
    EtlError,
    ExitCode,
    LeaseHeld,
    ObjectArchived,
    RequestRejected,
    TransientError,
)
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import shard_of

T = TypeVar("T")

FIRST = ObjectRef(SOURCE, "in/1")
FIRST_COPY = ObjectRef(
    DESTINATION,
    "agency_id=10/user_id=123/document_id=456/attachment_id=1/report.pdf",
)
ARGUMENTS = ("--agency-id", str(AGENCY), *BUCKETS)


class Meddler:
    """A hook that does something before or after the first attachment is copied."""

    def __init__(self) -> None:
        """Let everything pass."""
        self.before: Callable[[], object] = bool
        self.after: Callable[[], object] = bool

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send a call, and meddle with the one copy."""
        if call != Call("s3", "CopyObject", f"{FIRST.url} to {FIRST_COPY.url}"):
            return send()
        self.before()
        answer = send()
        self.after()
        return answer

    def fail(self, error: Exception) -> None:
        """Fail the copy.

        :raises Exception: the error.
        """

        def refuse() -> None:
            raise error

        self.before = refuse


class JobTest(unittest.TestCase):
    """Three attachments in place; nothing was copied yet."""

    def setUp(self) -> None:
        """Fill table and buckets."""
        self.meddler = Meddler()
        self.world = World(*map(attachment, (1, 2, 3)), hook=self.meddler)

    def assert_counts(self, result: dict[str, object], **expected: int) -> None:
        """The outcomes are these and no others, and they add up."""
        outcomes = dict.fromkeys(("done", "unchanged", "skipped", "quarantined"), 0)
        found = {name: result[name] for name in outcomes}
        self.assertEqual({**outcomes, **expected}, found)
        self.assertEqual(sum(expected.values()), result["listed"])


class HappyPathTest(JobTest):
    """Starts at which nothing goes wrong."""

    def test_every_attachment_is_copied(self) -> None:
        """Bytes, type and metadata are those of the source."""
        code, result = self.world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, done=3)
        copy = self.world.store.buckets[DESTINATION][FIRST_COPY.key]
        self.assertEqual(BODY, copy.body)
        self.assertEqual("application/pdf", copy.content_type)
        self.assertEqual({"attachment": "1"}, copy.metadata)
        self.assertEqual(3, len(self.world.copied()))

    def test_the_result_says_what_was_done(self) -> None:
        """Programs read these members, whatever else is added."""
        _, result = self.world.start()
        promised = {
            *("job", "run_id", "status", "listed", "done", "unchanged", "skipped"),
            *("quarantined", "bytes", "seconds", "ledger", "manifest"),
        }
        self.assertEqual(set(), promised - set(result))
        self.assertEqual(JOB_NAME, result["job"])
        self.assertEqual("reconciled", result["status"])
        self.assertEqual(3 * len(BODY), result["bytes"])
        self.assertIn(
            result["manifest"].removeprefix(f"s3://{DESTINATION}/"), self.world.state()
        )

    def test_a_second_start_copies_nothing(self) -> None:
        """Rows and destination are as the index says: one listing, no copy."""
        first = self.world.start().result
        copied = self.world.copied()
        self.world.store.requests.clear()
        code, result = self.world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, unchanged=3)
        self.assertNotEqual(first["run_id"], result["run_id"])
        self.assertEqual(copied, self.world.copied())
        sent = [call.operation for call in self.world.store.requests]
        self.assertEqual((0, 0), (sent.count("CopyObject"), sent.count("HeadObject")))

    def test_a_changed_row_is_copied_again(self) -> None:
        """Only the row whose object was replaced and whose time was set."""
        self.world.start()
        self.world.store.seed(FIRST, b"another")
        later = CHANGED + timedelta(days=1)
        self.world.table.files[0] = attachment(1, size_bytes=7, updated_at=later)
        code, result = self.world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, done=1, unchanged=2)
        self.assertEqual(b"another", self.world.copied()[FIRST_COPY.key])

    def test_what_was_lost_at_the_destination_comes_back(self) -> None:
        """An object that was removed or altered there is copied again."""
        for harm in (
            lambda: self.world.store.remove(FIRST_COPY),
            lambda: self.world.store.seed(FIRST_COPY, BODY[::-1]),
        ):
            self.world.start()
            harm()
            code, result = self.world.start()
            self.assertEqual(ExitCode.OK, code)
            self.assert_counts(result, done=1, unchanged=2)
            self.assertEqual(BODY, self.world.copied()[FIRST_COPY.key])

    def test_copies_without_an_index_are_recognised(self) -> None:
        """When the state was lost, what is in place is not copied again."""
        self.world.start()
        for key in self.world.state():
            self.world.store.remove(ObjectRef(DESTINATION, key))
        _, result = self.world.start()
        self.assert_counts(result, done=3)
        self.assertEqual({"done: recovered": 3}, result["reasons"])

    def test_an_agency_without_rows_is_no_fault(self) -> None:
        """It is reconciled at zero, with a ledger and a manifest."""
        world = World(attachment(1, agency_id=AGENCY + 1))
        code, result = world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result)
        self.assertEqual({}, world.copied())

    def test_rows_without_an_object_here_are_skipped(self) -> None:
        """Each with its reason, and none of them is asked of the store."""
        world = World(
            attachment(1, bucket="elsewhere"),
            attachment(2, status="pending"),
            attachment(3, status="deleted"),
        )
        code, result = world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, skipped=3)
        self.assertEqual(
            {
                "skipped: other_bucket": 1,
                "skipped: pending": 1,
                "skipped: deleted": 1,
            },
            result["reasons"],
        )
        self.assertNotIn("CopyObject", result["requests"])

    def test_two_names_alike_stay_two_files(self) -> None:
        """Hostile names are copied, each under a key of its own."""
        names = ("same.txt", "same.txt", "../same.txt", "", ".", "\n", "x" * 2000)
        world = World(*(attachment(n, file_name=it) for n, it in enumerate(names, 1)))
        code, result = world.start()
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, done=len(names))
        self.assertEqual(len(names), len(world.copied()))

    def test_the_table_is_for_people(self) -> None:
        """The other form of the result names its members too."""
        world = self.world
        services = ServiceHandler(world.store, world.database, world.calls, AT_ONCE)
        printed = io.StringIO()
        with redirect_stdout(printed):
            entrypoint([*ARGUMENTS, "--output", "table"], services)
        self.assertRegex(printed.getvalue(), r"listed +3")

    def test_the_job_describes_itself(self) -> None:
        """The dispatcher finds the entry point and a line about it."""
        self.assertIs(entrypoint, JOB[0])
        self.assertIn("one agency", JOB[1])


class DryRunTest(JobTest):
    """Starts that only say what they would do."""

    def assert_nothing_changes(self, *argv: str) -> dict[str, object]:
        """Start without a change in any bucket and return the result."""
        before = {name: dict(found) for name, found in self.world.store.buckets.items()}
        code, result = self.world.start("--dry-run", *argv)
        self.assertEqual(ExitCode.OK, code)
        self.assertEqual("planned", result["status"])
        self.assertEqual(before, self.world.store.buckets)
        return result

    def test_it_changes_nothing(self) -> None:
        """It tells counts, bytes, requests and the first units."""
        result = self.assert_nothing_changes()
        self.assertEqual((3, 3), (result["listed"], result["to_do"]))
        self.assertEqual(3 * len(BODY), result["bytes"])
        self.assertEqual({"CopyObject": 3, "ListObjectsV2": 2}, result["requests"])
        units = result["first_units"]
        assert isinstance(units, list)
        self.assertEqual(
            {
                "unit": "attachment_id=1",
                "action": "make",
                "reason": None,
                "source": FIRST.url,
                "destination": FIRST_COPY.key,
                "size": len(BODY),
            },
            units[0],
        )

    def test_it_sends_only_requests_that_read(self) -> None:
        """Buckets are looked at, state is read, the destination is listed."""
        self.assert_nothing_changes()
        sent = {call.operation for call in self.world.store.requests}
        self.assertEqual(set(), sent - {"HeadBucket", "GetObject", "ListObjectsV2"})

    def test_it_tells_what_a_real_start_would_find(self) -> None:
        """After a run with one new and one skipped row, by the same rules."""
        self.world.start()
        self.world.table.files += [attachment(4), attachment(5, status="pending")]
        result = self.assert_nothing_changes()
        self.assertEqual(
            (1, 3, 1), (result["to_do"], result["unchanged"], result["skipped"])
        )

    def test_the_plan_file_has_every_unit(self) -> None:
        """Not only the first ones."""
        self.world = World(*map(attachment, range(1, 31)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "plan.ndjson")
            result = self.assert_nothing_changes("--plan-file", str(path))
            lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(10, len(result["first_units"]))  # type: ignore[arg-type]
        self.assertEqual(
            {f"attachment_id={n}" for n in range(1, 31)}, {it["unit"] for it in lines}
        )


class QuarantineTest(JobTest):
    """Starts at which the first of three attachments cannot be copied."""

    def assert_quarantined(self, reason: str, *argv: str) -> None:
        """One unit is set aside for this reason; the others are done."""
        code, result = self.world.start(*argv)
        self.assertEqual(ExitCode.QUARANTINED, code)
        self.assertEqual("quarantined", result["status"])
        self.assert_counts(result, done=2, quarantined=1)
        self.assertEqual(1, result["reasons"][f"quarantined: {reason}"])

    def test_a_missing_source(self) -> None:
        """A row whose object is not there."""
        self.world.store.remove(FIRST)
        self.assert_quarantined("source_missing")

    def test_a_refused_source(self) -> None:
        """An object that this role may not read."""
        self.world.store.refuse(*FIRST)
        self.assert_quarantined("access_denied")

    def test_an_archived_source(self) -> None:
        """An object that has to be restored first."""
        self.meddler.fail(ObjectArchived())
        self.assert_quarantined("archived")

    def test_a_rejected_copy(self) -> None:
        """A request that the store does not accept."""
        self.meddler.fail(RequestRejected())
        self.assert_quarantined("rejected")

    def test_a_source_of_another_size_than_the_row_says(self) -> None:
        """The copy stays, and the ledger names it."""
        self.world.table.files[0] = attachment(1, size_bytes=len(BODY) + 1)
        self.assert_quarantined("size_mismatch")
        self.assertIn(FIRST_COPY.key, self.world.copied())

    def test_a_row_that_knows_no_size_takes_any(self) -> None:
        """What is unknown cannot disagree."""
        self.world.table.files[0] = attachment(1, size_bytes=None)
        self.assertEqual(ExitCode.OK, self.world.start().code)

    def test_a_copy_that_somebody_else_replaced(self) -> None:
        """The closing listing shows another object than was copied."""
        self.meddler.after = lambda: self.world.store.seed(FIRST_COPY, b"")
        self.assert_quarantined("etag_mismatch")

    def test_a_copy_that_somebody_else_removed(self) -> None:
        """The closing listing does not show it."""
        self.meddler.after = lambda: self.world.store.remove(FIRST_COPY)
        self.assert_quarantined("destination_missing")

    def test_a_unit_that_keeps_failing_is_unavailable(self) -> None:
        """Two starts leave the run open, the third sets the unit aside."""
        self.meddler.fail(TransientError("the store kept failing"))
        for _ in range(2):
            with self.assertRaises(TransientError) as raised:
                self.world.start()
            self.assertEqual(ExitCode.TRANSIENT, raised.exception.exit_code)
        code, result = self.world.start()
        self.assertEqual(ExitCode.QUARANTINED, code)
        self.assertEqual(3, result["attempt"])
        self.assert_counts(result, done=2, quarantined=1)
        self.assertEqual(1, result["reasons"]["quarantined: unavailable"])

    def test_a_failure_that_passes_is_made_up_for(self) -> None:
        """The next start continues the run and copies what is left."""
        self.meddler.fail(TransientError("the store kept failing"))
        with self.assertRaisesRegex(TransientError, "start the same command again"):
            self.world.start()
        self.meddler.before = bool
        code, result = self.world.start()
        self.assertEqual((ExitCode.OK, 2), (code, result["attempt"]))
        self.assert_counts(result, done=3)

    def test_an_accepted_reason_leaves_the_exit_code_alone(self) -> None:
        """The unit is quarantined all the same."""
        self.world.store.remove(FIRST)
        code, result = self.world.start("--accept", "source_missing")
        self.assertEqual((ExitCode.OK, 1), (code, result["quarantined"]))

    def test_only_the_accepted_reason_is_accepted(self) -> None:
        """A second unit with another reason counts."""
        self.world.store.remove(FIRST)
        self.world.store.refuse(SOURCE, "in/2")
        self.assertEqual(3, self.world.start("--accept", "source_missing").code)
        self.assertEqual(
            0, self.world.start(ETL_ACCEPT="source_missing,access_denied").code
        )

    def test_a_quarantine_is_replayed_alone(self) -> None:
        """Its file names the units; the others are not touched, nor forgotten."""
        self.world.store.remove(FIRST)
        quarantine = self.world.start().result["quarantine"]
        self.world.store.seed(FIRST, BODY)
        code, result = self.world.start("--units", quarantine)
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, done=1)
        self.assert_counts(self.world.start().result, unchanged=3)

    def test_too_many_quarantined_stop_the_run(self) -> None:
        """The input is broken as a whole, and the message says how to go on."""
        self.world.store.remove(FIRST)
        with self.assertRaisesRegex(DataError, "raise --max-quarantined") as raised:
            self.world.start("--max-quarantined", "0")
        self.assertEqual(ExitCode.DATA, raised.exception.exit_code)

    def test_a_hundred_failures_alike_are_a_mistake(self) -> None:
        """Nobody gave the role access: no bad unit, but a wrong configuration."""
        world = World(*map(attachment, range(1, 151)))
        for number in range(1, 151):
            world.store.refuse(SOURCE, f"in/{number}")
        with self.assertRaisesRegex(
            ConfigError, "first 100 .* access_denied"
        ) as raised:
            world.start("--max-quarantined", "100%")
        self.assertEqual(ExitCode.USAGE, raised.exception.exit_code)


class ChoiceTest(JobTest):
    """Starts that take some of the rows."""

    def setUp(self) -> None:
        """Let the rows be of three days, the last of them today."""
        super().setUp()
        now = datetime.now(timezone.utc)
        days = {1: CHANGED, 2: CHANGED + timedelta(days=1), 3: now}
        self.world.table.files = [
            attachment(number, updated_at=time) for number, time in days.items()
        ]

    def numbers(self, *argv: str) -> set[int]:
        """Return the attachments that a dry run would copy."""
        units = self.world.start("--dry-run", *argv).result["first_units"]
        return {int(it["unit"].partition("=")[2]) for it in units}

    def test_since_a_time(self) -> None:
        """A row that was written at that very moment counts."""
        self.assertEqual({2, 3}, self.numbers("--since", "2026-11-21T12:00:00Z"))
        self.assertEqual({3}, self.numbers("--since", "2026-11-21T12:00:01Z"))

    def test_since_a_duration(self) -> None:
        """The last hour before now."""
        self.assertEqual({3}, self.numbers("--since", "1h"))
        self.assertEqual(set(), self.numbers("--since", "0s"))

    def test_from_is_included_and_to_is_not(self) -> None:
        """Half-open ranges that meet cover every row once."""
        day = ("--from", "2026-11-20T12:00:00Z", "--to", "2026-11-21T12:00:00Z")
        self.assertEqual({1}, self.numbers(*day))
        self.assertEqual({1}, self.numbers(*day[2:]))
        self.assertEqual({2, 3}, self.numbers("--from", "2026-11-21T12:00:00Z"))

    def test_a_limit(self) -> None:
        """The first rows in the order of their keys; the count agrees."""
        code, result = self.world.start("--limit", "2")
        self.assertEqual(ExitCode.OK, code)
        self.assert_counts(result, done=2)

    def test_shards_cover_every_row_once(self) -> None:
        """Each by the hash of its id, with runs of its own."""
        self.world = World(*map(attachment, range(1, 41)))
        for index in range(3):
            result = self.world.start("--shard", f"{index}/3").result
            mine = [n for n in range(1, 41) if shard_of(str(n), 3) == index]
            self.assert_counts(result, done=len(mine))
        self.assertEqual(40, len(self.world.copied()))

    def test_the_pod_of_an_indexed_job_knows_its_shard(self) -> None:
        """Kubernetes gives the index, the manifest the number of completions."""
        found = self.world.start(JOB_COMPLETION_INDEX="1", JOB_COMPLETIONS="2").result
        mine = [n for n in (1, 2, 3) if shard_of(str(n), 2) == 1]
        self.assertEqual(len(mine), found["listed"])

    def test_units_from_a_file(self) -> None:
        """One key a line, as a string or as a line of a ledger."""
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
            file.write('"attachment_id=1"\n\n{"unit": "attachment_id=3"}\n')
            file.flush()
            self.assertEqual({1, 3}, self.numbers("--units", file.name))

    def test_an_empty_file_names_no_unit(self) -> None:
        """It is not taken for all of them."""
        self.assertEqual(set(), self.numbers("--units", os.devnull))

    def test_units_that_cannot_be_read(self) -> None:
        """A missing file, a foreign key and a line without one are named."""
        self.world.store.seed(ObjectRef(SOURCE, "foreign"), b'"user_id=1"\n')
        self.world.store.seed(ObjectRef(SOURCE, "broken"), b"{}\n")
        for uri, words in (
            ("/nowhere/units.ndjson", "cannot be read"),
            (f"s3://{SOURCE}/nothing", "cannot be read"),
            (f"s3://{SOURCE}/foreign", "attachment_id=789"),
            (f"s3://{SOURCE}/broken", "member unit"),
        ):
            with self.subTest(uri), self.assertRaisesRegex(ConfigError, words):
                self.world.start("--units", uri)
            self.assertEqual({}, self.world.state())

    def test_a_partial_run_forgets_nothing(self) -> None:
        """The next whole run finds the rows that it left out unchanged."""
        self.world.start()
        self.assert_counts(self.world.start("--since", "1h").result, unchanged=1)
        self.assert_counts(self.world.start("--since", "0s").result)
        self.assert_counts(self.world.start().result, unchanged=3)

    def test_a_prefix_goes_in_front_of_the_keys(self) -> None:
        """Slashes at its ends do not count, and it is a scope of its own."""
        self.world.start("--prefix", "/silver/files/")
        found = self.world.store.bodies(DESTINATION, "silver/files/agency_id=10/")
        self.assertEqual((3, {}), (len(found), self.world.copied()))
        self.assert_counts(
            self.world.start("--prefix", "silver/files").result, unchanged=3
        )

    def test_the_state_may_lie_elsewhere(self) -> None:
        """The destination then holds nothing but copies."""
        result = self.world.start("--state", "s3://elsewhere/runs").result
        self.assertEqual({}, self.world.state())
        self.assertTrue(result["ledger"].startswith("s3://elsewhere/runs/job="))

    def test_a_source_that_was_replaced_without_its_row(self) -> None:
        """Only a look at the sources finds it."""
        self.world.start()
        self.world.store.seed(FIRST, BODY[::-1])
        self.assert_counts(self.world.start().result, unchanged=3)
        result = self.world.start("--check-source").result
        self.assert_counts(result, done=1, unchanged=2)
        self.assertEqual(BODY[::-1], self.world.copied()[FIRST_COPY.key])
        self.assert_counts(self.world.start("--check-source").result, unchanged=3)

    def test_a_closed_run_is_not_made_again(self) -> None:
        """A pod that died after closing its run finds the result."""
        first = self.world.start("--run-id", "nightly-1").result
        self.world.store.requests.clear()
        self.assertEqual(first, self.world.start("--run-id", "nightly-1").result)
        sent = {call.operation for call in self.world.store.requests}
        self.assertNotIn("CopyObject", sent)

    def test_a_run_id_of_other_arguments_is_refused(self) -> None:
        """One name is one piece of work."""
        self.world.start("--run-id", "nightly-1")
        with self.assertRaisesRegex(ConfigError, "choose another id"):
            self.world.start("--run-id", "nightly-1", "--limit", "1")

    def test_a_scope_that_somebody_works_on_is_left_alone(self) -> None:
        """The message names the holder, and the exit code says to come again."""
        self.world.start()
        [lease] = [key for key in self.world.state() if key.endswith("lease.json")]
        record = json.loads(self.world.state()[lease])
        record = {**record, "released": False}
        record["holder"] |= {"pid": os.getpid(), "host": "another-host"}
        self.world.store.seed(
            ObjectRef(DESTINATION, lease), json.dumps(record).encode()
        )
        with self.assertRaisesRegex(LeaseHeld, "another-host") as raised:
            self.world.start()
        self.assertEqual(ExitCode.TRANSIENT, raised.exception.exit_code)


class ArgumentTest(unittest.TestCase):
    """What is asked of the job, before anything is contacted."""

    def refusal(self, *argv: str, **environ: str) -> EtlError:
        """Return the error that a start ends with; no client was made for it."""
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            self.assertRaises(ConfigError) as raised,
        ):
            entrypoint([*argv])
        return raised.exception

    def assert_refused(self, words: str, *argv: str, **environ: str) -> None:
        """The start ends with exit code 2 and one line that holds these words."""
        error = self.refusal(*argv, **environ)
        self.assertEqual(ExitCode.USAGE, error.exit_code)
        self.assertIn(words, str(error))
        self.assertEqual(1, len(str(error).splitlines()), str(error))

    def test_what_is_required_is_named(self) -> None:
        """Agency and both buckets, when neither option nor variable gives them."""
        self.assert_refused("--agency-id", *BUCKETS)
        self.assert_refused("--source-bucket", *ARGUMENTS[:2], *BUCKETS[2:])
        self.assert_refused("--destination-bucket", *ARGUMENTS[:4])
        self.assert_refused("--destination-bucket", ETL_AGENCY_ID="1")

    def test_malformed_options_are_named(self) -> None:
        """Each with what was given or what is allowed."""
        for option, value, words in (
            ("--agency-id", "ten", "'ten' is no whole number"),
            ("--agency-id", "0", "at least 1"),
            ("--agency-id", "1.5", "whole number"),
            ("--agency-id", "9" * 30, "whole number"),
            ("--since", "yesterday", "neither a time"),
            ("--since", "2026-13-01", "neither a time"),
            ("--from", "noon", "is no time"),
            ("--to", "7d", "is no time"),
            ("--limit", "0", "at least 1"),
            ("--shard", "3/3", "zero-based"),
            ("--shard", "one", "zero-based"),
            ("--concurrency", "0", "from 1 to 1024"),
            ("--deadline", "soon", "no duration"),
            ("--max-quarantined", "some", "neither a share"),
            ("--accept", "a b", "no name"),
            ("--run-id", "../x", "no name"),
            ("--state", "/var/state", "s3://bucket/prefix"),
            ("--output", "xml", "invalid choice"),
            ("--prefix", "_etl/x", "_etl"),
            ("--prefix", "p" * 513, "512 bytes"),
            ("--agency", "10", "unrecognized arguments"),
        ):
            with self.subTest(option=option, value=value):
                self.assert_refused(words, *ARGUMENTS, option, value)

    def test_combinations_that_mean_nothing_are_refused(self) -> None:
        """Two beginnings, an end before the beginning, a plan of nothing."""
        day, next_day = "2026-11-20", "2026-11-21"
        self.assert_refused(
            "--since and --from", *ARGUMENTS, "--since", day, "--from", day
        )
        self.assert_refused(
            "--from must be before", *ARGUMENTS, "--from", next_day, "--to", day
        )
        self.assert_refused("--dry-run", *ARGUMENTS, "--plan-file", "plan.ndjson")

    def test_a_malformed_variable_is_named(self) -> None:
        """The environment is checked like the options."""
        self.assert_refused("ETL_AGENCY_ID", *BUCKETS, ETL_AGENCY_ID="ten")
        self.assert_refused("ETL_CHECK_SOURCE", *ARGUMENTS, ETL_CHECK_SOURCE="maybe")
        self.assert_refused("JOB_COMPLETIONS", *ARGUMENTS, JOB_COMPLETION_INDEX="1")

    def test_every_option_has_a_variable(self) -> None:
        """All from the environment is the same start as all from the line."""
        environ = {
            "ETL_AGENCY_ID": "10",
            "ETL_SOURCE_BUCKET": SOURCE,
            "ETL_DESTINATION_BUCKET": DESTINATION,
            "ETL_PREFIX": "silver",
            "ETL_SINCE": "7d",
            "ETL_CHECK_SOURCE": "yes",
        }
        with mock.patch.dict(os.environ, environ, clear=True):
            found = parser().parse_args([])
        with mock.patch.dict(os.environ, {}, clear=True):
            given = parser().parse_args(
                [*ARGUMENTS, "--prefix", "silver", "--since", "7d", "--check-source"]
            )
        self.assertEqual(vars(given), vars(found))

    def test_the_help_starts_with_commands_to_copy(self) -> None:
        """Both are of this job, and every option names its variable."""
        with mock.patch.dict(os.environ, {}, clear=True):
            text = parser().format_help()
        first, second = text.splitlines()[:2]
        self.assertRegex(first, "^  data-pipeline run get_s3_files -- --agency-id 10")
        self.assertRegex(second, "^  data-pipeline run get_s3_files -- --agency-id 10")
        for row in parser().rows:
            self.assertRegex(" ".join(text.split()), rf"\([^()]*env: {row.variable}\)")

    def test_settings_of_the_clients_are_checked_too(self) -> None:
        """Without a database in the environment, its variables are named."""
        for words in ("DATABASE_HOST: required", "DATABASE_NAME: required"):
            self.assert_refused(words, *ARGUMENTS, AWS_REGION="us-east-1")


if __name__ == "__main__":
    unittest.main()
