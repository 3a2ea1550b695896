"""The job as a process of its own, on a real PostgreSQL and an S3 endpoint."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
import json
from pathlib import Path
import sys
import tempfile
import unittest

from data_pipeline.s3.keys import attachment_key
from data_pipeline.tests.integration.place import (
    DISPATCHER,
    JobTestCase,
    RUN,
    SCRIPT,
)
from data_pipeline.tests.seeds import AGENCY, attachment, CHANGED
from etl_core.errors import ExitCode
from etl_core.support.shards import shard_of
from etl_core.testing.genuine import require

NAMES = (
    "blank and  blanks .txt",
    "plus+plus.txt",
    "100%25 of %2F.txt",
    "\"double\" and 'single'.txt",
    "R\u00e9sum\u00e9 \u6587\u4ef6 \U0001d11e.txt",
    "<a href='?q=1&r=2#3'>;,:@$!*~.txt",
    "back\\slash.txt",
    "same.txt",
    "same.txt",
    "../../etc/passwd",
    "control\r\n\x1b[31m.txt",
    "",
    ".",
    "..",
    "\u6587" * 800 + ".pdf",
)
KEYS = (
    "in/blank and  blanks .txt",
    "in/plus+plus.txt",
    "in/100%25 of %2F.txt",
    "in/\"double\" and 'single'.txt",
    "in/R\u00e9sum\u00e9 \u6587\u4ef6 \U0001d11e.txt",
    "in/<a href='?q=1&r=2#3'>;,:@$!*~.txt",
    "in/back\\slash.txt",
    "in//two//slashes/",
    "in/trailing dot.",
    "in/.hidden",
    "in/" + "k" * 1021,
    "in/" + "\u6587" * 340 + "k",
    "in/?versionId=null",
    "in/a=b&c=d",
    "in/~tilde^caret|bar`tick{}[]",
)


class RunTest(JobTestCase):
    """Attachments in place, and runs to their end."""

    def test_a_second_run_finds_everything_unchanged(self) -> None:
        """Totals, manifest and ledger account for every row; the copies are exact."""
        kinds = ("application/pdf", "text/plain", "image/png")
        for number in range(1, 13):
            body = b"" if number == 5 else b"x" * number
            self.store(
                number,
                body,
                content_type=kinds[number % 3],
                user_id=1 + number % 2,
                document_id=1 + number % 2,
            )
        self.add(
            attachment(13, object_key="in/missing"), attachment(14, status="pending")
        )
        first = self.run_job(code=ExitCode.QUARANTINED)
        self.assert_counts(first, done=12, skipped=1, quarantined=1)
        self.assertEqual(sum(range(1, 13)) - 5, first["bytes"])
        sources = self.objects(self.source)
        copies = self.copies()
        for line in self.lines(first):
            if line["outcome"] == "done":
                copy = copies.pop(line["destination"]["key"])
                self.assertEqual(sources[line["source"]["key"]], copy)
        self.assertEqual({}, copies)
        second = self.run_job(code=ExitCode.QUARANTINED)
        self.assert_counts(second, unchanged=12, skipped=1, quarantined=1)
        # The one copy is tried again, because its row is quarantined.
        self.assertEqual(1, second["requests"]["CopyObject"])
        for result in (first, second):
            ledger = {it["unit"]: it["outcome"] for it in self.lines(result)}
            rows = {it["unit"]: it["outcome"] for it in self.manifest(result)}
            units = {f"attachment_id={number}" for number in range(1, 15)}
            self.assertEqual((units, ledger), (set(ledger), rows))

    def test_hostile_names_arrive(self) -> None:
        """Whatever names hold, the bytes are found under a key of their own."""
        for number, (key, name) in enumerate(zip(KEYS, NAMES, strict=True), 1):
            self.store(number, key.encode(), object_key=key, file_name=name)
        first = self.run_job()
        self.assert_counts(first, done=len(KEYS))
        expected = {
            attachment_key("", attachment(number, file_name=name)): key.encode()
            for number, (key, name) in enumerate(zip(KEYS, NAMES, strict=True), 1)
        }
        found = {key: copy.body for key, copy in self.copies().items()}
        self.assertEqual(expected, found)
        names = {row["unit"]: row["file_name"] for row in self.manifest(first)}
        self.assertEqual(
            {f"attachment_id={n}": name for n, name in enumerate(NAMES, 1)}, names
        )
        self.assert_counts(self.run_job("--check-source"), unchanged=len(KEYS))

    def test_a_dry_run_changes_nothing(self) -> None:
        """Both buckets are byte for byte as they were, before and after a run."""
        self.store(1)
        for expected in ({"to_do": 1, "unchanged": 0}, {"to_do": 0, "unchanged": 1}):
            before = [self.objects(it) for it in (self.source, self.destination)]
            result = self.run_job("--dry-run")
            after = [self.objects(it) for it in (self.source, self.destination)]
            self.assertEqual(before, after)
            self.assertEqual(expected, {name: result[name] for name in expected})
            self.run_job()

    def test_shards_share_the_rows(self) -> None:
        """Three processes at once cover every row exactly once."""
        for number in range(1, 25):
            self.store(number)
        shards = [f"{index}/3" for index in range(3)]
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda it: self.run_job("--shard", it), shards))
        done = [line["unit"] for result in results for line in self.lines(result)]
        self.assertEqual(
            sorted(f"attachment_id={n}" for n in range(1, 25)), sorted(done)
        )
        for index, result in enumerate(results):
            mine = [n for n in range(1, 25) if shard_of(str(n), 3) == index]
            self.assert_counts(result, done=len(mine))
        self.assertEqual(24, len(self.copies()))

    def test_one_bucket_may_be_source_and_destination(self) -> None:
        """Neither the state nor the copies are taken for sources."""
        self.destination = self.source
        for number in (1, 2):
            self.store(number)
        self.assert_counts(self.run_job(), done=2)
        self.assert_counts(self.run_job("--check-source"), unchanged=2)
        self.assertEqual(2, len(self.copies()))

    def test_a_replaced_source_is_found_by_a_look_at_it(self) -> None:
        """An object that was overwritten without its row, and only that."""
        for number in (1, 2):
            self.store(number, b"before")
        self.run_job()
        self.put(self.source, "in/1", b"after!")
        self.assert_counts(self.run_job(), unchanged=2)
        self.assert_counts(self.run_job("--check-source"), done=1, unchanged=1)
        bodies = sorted(copy.body for copy in self.copies().values())
        self.assertEqual([b"after!", b"before"], bodies)

    def test_a_damaged_destination_is_mended(self) -> None:
        """What was altered and what was deleted there is copied again."""
        for number in (1, 2, 3):
            self.store(number)
        self.run_job()
        before = self.copies()
        altered, deleted, _ = before
        self.put(self.destination, altered, b"CONTENT")
        self.client.delete_object(Bucket=self.destination, Key=deleted)
        self.assert_counts(self.run_job(), done=2, unchanged=1)
        self.assertEqual(before, self.copies())

    def test_a_quarantine_is_replayed_alone(self) -> None:
        """After the mend, the file of the run names what is to be done."""
        self.store(1)
        self.add(attachment(2, size_bytes=7))
        first = self.run_job(code=ExitCode.QUARANTINED)
        self.assertEqual(
            ["attachment_id=2"],
            [line["unit"] for line in self.lines(first, "quarantine")],
        )
        self.put(self.source, "in/2", b"content")
        replay = self.run_job("--units", first["quarantine"])
        self.assert_counts(replay, done=1)
        self.assert_counts(self.run_job(), unchanged=2)

    def test_only_recent_rows(self) -> None:
        """The database compares times, whatever zone its sessions have."""
        self.store(1)
        self.store(2, updated_at=CHANGED + timedelta(days=1))
        moment = (CHANGED + timedelta(days=1)).isoformat()
        self.assert_counts(self.run_job("--since", moment), done=1)
        self.assert_counts(self.run_job("--to", moment, PGTZ="Asia/Tokyo"), done=1)
        self.assert_counts(self.run_job(PGTZ="America/New_York"), unchanged=2)

    def test_an_agency_without_rows(self) -> None:
        """It is reconciled at zero."""
        self.store(1)
        self.database.execute_query("DELETE FROM attachment")
        self.assert_counts(self.run_job())

    def test_signs_of_life_and_numbers(self) -> None:
        """A heartbeat file is touched, and metrics are left for a collector."""
        self.store(1, b"four")
        with tempfile.TemporaryDirectory() as folder:
            beat, metrics = Path(folder, "beat"), Path(folder, "etl.prom")
            self.run_job(ETL_HEARTBEAT_FILE=str(beat), ETL_METRICS_FILE=str(metrics))
            self.assertTrue(beat.exists())
            text = metrics.read_text()
        labels = 'job="get_s3_files"'
        self.assertIn(f'etl_units_total{{{labels},outcome="done"}} 1.0', text)
        self.assertIn(f"etl_bytes_total{{{labels}}} 4.0", text)


class InvocationTest(JobTestCase):
    """One attachment, and every way to start the job."""

    def setUp(self) -> None:
        """Store the attachment."""
        super().setUp()
        self.store(1)

    def test_every_form_is_the_same_run(self) -> None:
        """The image's entry point with and without a job, scripts and modules."""
        options = ("--agency-id", str(AGENCY), "--dry-run")
        source = ("--source-bucket", self.source)
        destination = ("--destination-bucket", self.destination)
        module = (sys.executable, "-m")
        forms: list[tuple[str, ...]] = [
            (*RUN, *options),
            (DISPATCHER, "run", "get_s3_files", *options),
            (DISPATCHER, *options, *source, *destination),
            (DISPATCHER, "data-pipeline-get-s3-files", *options),
            (SCRIPT, *options),
            (*module, "data_pipeline.cli.get_s3_files", *options),
            (*module, "data_pipeline.cli.main", "run", "get_s3_files", *options),
        ]
        with ThreadPoolExecutor(3) as pool:
            ended = list(pool.map(self.start_by, forms))
        for form, found in zip(forms, ended, strict=True):
            with self.subTest(form[:3]):
                self.assertEqual((0, ""), (found.code, found.stderr))
                self.assertEqual(
                    {**ended[0].result, "seconds": None},
                    {**found.result, "seconds": None},
                )

    def test_the_agency_alone_is_a_real_run(self) -> None:
        """With the buckets from the environment, as `poetry run` starts it."""
        ended = self.start_by((SCRIPT, "--agency-id", str(AGENCY)))
        self.assertEqual(0, ended.code, ended.stderr)
        self.assert_counts(ended.result, done=1)
        self.assertEqual(1, len(self.copies()))

    def test_help_needs_nothing(self) -> None:
        """Neither servers nor variables, and it says how the job is started."""
        ended = self.start(
            "--help",
            DATABASE_HOST=None,
            AWS_ENDPOINT_URL=None,
            ETL_SOURCE_BUCKET=None,
        )
        self.assertEqual((0, ""), (ended.code, ended.stderr))
        self.assertIn("--agency-id 10 --dry-run", ended.stdout)


class ErrorTest(JobTestCase):
    """Starts that cannot succeed: one line that says what to do."""

    def assert_refused(
        self, code: ExitCode, words: str, *argv: str, **environ: str | None
    ) -> None:
        """The job ends so, and neither shows a traceback nor gives a secret away."""
        ended = self.start(*argv, **environ)
        self.assertEqual((code, ""), (ended.code, ended.stdout), ended.stderr)
        [message] = ended.errors
        self.assertRegex(message, words)
        self.assertNotIn("\n", message)
        self.assertNotIn("Traceback", ended.stderr)
        known = {**self.environment(), **environ}
        for name in ("DATABASE_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
            secret = known[name]
            if secret:
                self.assertNotIn(secret, ended.stderr + ended.stdout)

    def test_nobody_listens_for_the_database(self) -> None:
        """It may come back: the same run continues later."""
        self.assert_refused(
            ExitCode.TRANSIENT, "check DATABASE_HOST and DATABASE_PORT",
            DATABASE_HOST="127.0.0.1", DATABASE_PORT="1",
        )  # fmt: skip

    def test_a_wrong_password(self) -> None:
        """A person must mend it."""
        self.assert_refused(
            ExitCode.USAGE,
            "check DATABASE_USER and DATABASE_PASSWORD",
            DATABASE_PASSWORD="wrong-and-secret",
        )

    def test_an_unknown_database(self) -> None:
        """The message names it."""
        self.assert_refused(
            ExitCode.USAGE, "no_such_db.*DATABASE_NAME", DATABASE_NAME="no_such_db"
        )

    def test_a_missing_table(self) -> None:
        """The message names the command that makes it."""
        self.database.execute_query("DROP TABLE attachment")
        self.add_agency()
        self.assert_refused(ExitCode.USAGE, "attachment.*etl-database-schema migrate")

    def add_agency(self) -> None:
        """Insert the agency and nothing else."""
        self.database.execute_query(
            "INSERT INTO agency (id, name) VALUES (%(id)s, 'Agency')", {"id": AGENCY}
        )

    def test_an_unknown_agency(self) -> None:
        """The message names the option."""
        self.assert_refused(ExitCode.USAGE, "--agency-id 10: there is no such agency")

    def test_a_missing_bucket(self) -> None:
        """Of the source and of the destination."""
        for variable in ("ETL_SOURCE_BUCKET", "ETL_DESTINATION_BUCKET"):
            with self.subTest(variable):
                self.assert_refused(
                    ExitCode.USAGE,
                    "bucket does not exist: s3://etl-nowhere; create it",
                    **{variable: "etl-nowhere"},
                )

    def test_a_name_that_is_no_bucket(self) -> None:
        """It is refused before a request is sent."""
        self.assert_refused(
            ExitCode.USAGE, "correct the bucket name", ETL_SOURCE_BUCKET="No Bucket!"
        )

    def test_credentials_are_missing(self) -> None:
        """The message says where they may come from."""
        self.assert_refused(
            ExitCode.USAGE,
            "no AWS credentials found: set AWS_ACCESS_KEY_ID",
            AWS_ACCESS_KEY_ID=None,
            AWS_SECRET_ACCESS_KEY=None,
        )

    def test_malformed_arguments(self) -> None:
        """Exit code 2 and the option, on every kind of start."""
        for argv, words in (
            (("--agency-id", "ten"), "--agency-id: 'ten' is no whole number"),
            (("--since", "yesterday"), "--since: 'yesterday' is neither a time"),
            (("--shard", "3/3"), "--shard: .*zero-based"),
            (("--no-such-option",), "--no-such-option"),
        ):
            with self.subTest(argv):
                self.assert_refused(ExitCode.USAGE, words, *argv)

    def test_missing_settings(self) -> None:
        """The variables are named."""
        self.assert_refused(
            ExitCode.USAGE,
            "DATABASE_HOST: required",
            DATABASE_HOST=None,
        )
        self.assert_refused(
            ExitCode.USAGE, "DATABASE_PORT: .*integer", DATABASE_PORT="many"
        )

    def test_a_refused_role(self) -> None:
        """Of the database: the message says that a right is missing."""
        self.add_agency()
        role = self.settings.name
        for sql in (
            f"CREATE ROLE {role} LOGIN PASSWORD 'of-the-role'",
            f"GRANT SELECT ON agency TO {role}",
        ):
            self.database.execute_query(sql)
        self.addCleanup(
            self.database.execute_query, f"DROP OWNED BY {role}; DROP ROLE {role}"
        )
        self.assert_refused(
            ExitCode.USAGE,
            "attachment.*grant the role",
            DATABASE_USER=role,
            DATABASE_PASSWORD="of-the-role",
        )

    def test_secrets_are_stored_nowhere(self) -> None:
        """Neither password nor secret key is in what a run keeps or prints."""
        self.store(1)
        self.add(attachment(2, object_key="in/missing"))
        ended = self.start("--log-level", "debug")
        self.assertEqual(ExitCode.QUARANTINED, ended.code, ended.stderr)
        text = ended.stdout + ended.stderr + self.written(self.destination)
        for name in ("DATABASE_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
            self.assertNotIn(self.environment()[name], text)
        self.assertIn("attachment_id=2", text)


class UnreachableTest(JobTestCase):
    """An address at which nobody answers; the retries take their time."""

    def test_an_unreachable_endpoint(self) -> None:
        """It may come back: the same run continues later."""
        ended = self.start(AWS_ENDPOINT_URL="http://127.0.0.1:1")
        self.assertEqual(ExitCode.TRANSIENT, ended.code, ended.stderr)
        [message] = ended.errors
        self.assertIn("check the network and AWS_ENDPOINT_URL", message)
        self.assertNotIn("Traceback", ended.stderr)


class AccessTest(JobTestCase):
    """Policies that refuse; only a genuine server enforces them."""

    @classmethod
    def setUpClass(cls) -> None:
        """Skip without such a server."""
        require("s3")
        super().setUpClass()

    def deny(self, bucket: str, action: str, resource: str) -> None:
        """Refuse one action to everybody."""
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": [action],
            "Resource": [f"arn:aws:s3:::{bucket}{resource}"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client.put_bucket_policy(Bucket=bucket, Policy=policy)
        self.addCleanup(self.client.delete_bucket_policy, Bucket=bucket)

    def test_a_refused_bucket(self) -> None:
        """Nothing can be listed: the message says which permission is missing."""
        for bucket in (self.source, self.destination):
            with self.subTest(bucket):
                self.deny(bucket, "s3:ListBucket", "")
                ended = self.start()
                self.assertEqual(ExitCode.USAGE, ended.code, ended.stderr)
                [message] = ended.errors
                self.assertRegex(message, f"{bucket}.*s3:ListBucket")
                self.client.delete_bucket_policy(Bucket=bucket)

    def test_a_refused_object(self) -> None:
        """One unit is quarantined, the other is done."""
        for number in (1, 2):
            self.store(number)
        self.deny(self.source, "s3:GetObject", "/in/1")
        result = self.run_job(code=ExitCode.QUARANTINED)
        self.assert_counts(result, done=1, quarantined=1)
        self.assertEqual(1, result["reasons"]["quarantined: access_denied"])

    def test_a_wrong_secret_key(self) -> None:
        """The endpoint refuses the signature."""
        ended = self.start(AWS_SECRET_ACCESS_KEY="wrong-and-secret")
        self.assertEqual(ExitCode.USAGE, ended.code, ended.stderr)
        self.assertEqual(1, len(ended.errors))
        self.assertNotIn("wrong-and-secret", ended.stderr)


if __name__ == "__main__":
    unittest.main()
