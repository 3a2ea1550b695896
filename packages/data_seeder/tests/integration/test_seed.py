"""The job ``seed`` as real processes, on a real PostgreSQL and S3 endpoint."""

from concurrent.futures import ThreadPoolExecutor
import hashlib
import itertools
import signal
import subprocess
import time
import unittest

from data_seeder.generation.tables import ATTACHMENT, USER
from data_seeder.tests.place import data, options, RUN, SeedTestCase, TABLES

MANY = {"agencies": 5, "users": 3000, "documents": 30_000, "attachments": 60_000}
INDEXES = """
    SELECT bucket, object_key, size_bytes, checksum_sha256 FROM attachment
    WHERE status = 'stored' AND bucket = %(bucket)s
"""
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename"
COUNT = "SELECT count(*) AS rows FROM {table}"
ADD = "INSERT INTO agency (name) VALUES ('Another') RETURNING id"


class SeedTest(SeedTestCase):
    """An empty database."""

    def rows(self) -> int:
        """Count the rows of all tables."""
        counts = (self.query(COUNT.format(table=table)) for table in TABLES)
        return sum(int(row["rows"]) for [row] in counts)

    def test_every_row_is_there(self) -> None:
        """Constraints hold, and the totals are those that were asked for."""
        result = self.seeded(*options())
        self.assertEqual(self.rows(), result["tables"]["written"])
        self.assertEqual(3 + 60 + 600 + 2000, self.rows())

    def test_the_database_gives_out_other_ids(self) -> None:
        """The application goes on behind the rows that were seeded."""
        self.seeded(*options())
        self.assertEqual([{"id": 13}], self.query(ADD))

    def test_twice_is_once(self) -> None:
        """Neither row nor sequence differs after a second start."""
        self.seeded(*options())
        before = self.digests(), self.query(SEQUENCES)
        result = self.seeded(*options())
        self.assertEqual((0, self.rows()), _written(result))
        self.assertEqual(before, (self.digests(), self.query(SEQUENCES)))

    def test_ids_given_out_meanwhile_stay_given_out(self) -> None:
        """A sequence is never moved back."""
        self.seeded(*options())
        self.query(ADD)
        before = self.query(SEQUENCES)
        self.query("DELETE FROM agency WHERE id = 13")
        self.seeded(*options())
        self.assertEqual(before, self.query(SEQUENCES))

    def test_killed_at_any_time_it_continues(self) -> None:
        """After deaths at random times the rows are those of one clean run."""
        self.seeded(*options(**MANY))
        expected = self.digests()
        self.settings = self.database()
        kills = 0
        for tenths in itertools.count(12, 2):
            with subprocess.Popen(
                [*RUN, "--output=json", *options(**MANY)],
                env=self.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process:
                time.sleep(tenths / 10)
                process.kill()
            kills += process.returncode == -signal.SIGKILL
            if process.returncode == 0 or self.rows() >= 60_000:
                break
        self.assertGreater(kills, 0)
        self.seeded(*options(**MANY))
        self.assertEqual(expected, self.digests())

    def test_two_at_once_do_not_double(self) -> None:
        """Both end green, and the rows are there once."""
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(lambda _: self.seeded(*options(**MANY)), range(2))
            results = list(both)
        self.assertEqual(sum(MANY.values()), self.rows())
        written = sum(result["tables"]["written"] for result in results)
        self.assertEqual(self.rows(), written)

    def test_a_changed_row_is_noticed(self) -> None:
        """A start that finds other rows changes nothing and names the range."""
        self.seeded(*options())
        self.query("UPDATE app_user SET full_name = 'Somebody' WHERE id = 7")
        ended = self.start(*options())
        self.assertEqual(2, ended.code)
        self.assertRegex(ended.stderr, f"{USER}, ids 1 to 60: 60 rows are there that")

    def test_a_server_with_other_formats(self) -> None:
        """Rows are recognised whatever the database says of zones and dates."""
        self.seeded(*options())
        for setting in ("timezone TO 'Asia/Kathmandu'", "datestyle TO 'German'"):
            self.query(f'ALTER DATABASE "{self.settings.name}" SET {setting}')
        result = self.seeded(*options())
        self.assertEqual(0, result["tables"]["written"])

    def test_without_tables(self) -> None:
        """The line says what to run."""
        self.query("DROP TABLE attachment")
        ended = self.start(*options())
        self.assertEqual(2, ended.code, ended.stderr)
        self.assertIn("does not exist", ended.stderr)
        self.assertIn("run `etl-database-schema migrate`", ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)

    def test_without_a_server(self) -> None:
        """It is a matter of time."""
        ended = self.start(*options(), DATABASE_PORT="1")
        self.assertEqual(75, ended.code, ended.stderr)

    def test_sigterm_ends_it_in_order(self) -> None:
        """It stops between ranges, and the same command continues."""
        with subprocess.Popen(
            [*RUN, "--output=json", *options(**MANY)],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while not self.query(COUNT.format(table="app_user"))[0]["rows"]:
                time.sleep(0.02)
            process.terminate()
            _, errors = process.communicate(timeout=60)
        self.assertEqual(143, process.returncode, errors)
        self.assertLess(self.rows(), sum(MANY.values()))
        self.seeded(*options(**MANY))
        self.assertEqual(sum(MANY.values()), self.rows())


class ObjectsTest(SeedTestCase):
    """An empty database and an empty bucket."""

    def setUp(self) -> None:
        """Make both."""
        super().setUp()
        self.source = self.bucket()
        self.argv = [*options(attachments=300), f"--source-bucket={self.source}"]

    def test_objects_agree_with_their_rows(self) -> None:
        """Size and checksum are those of the bytes; only what was left out is gone."""
        result = self.seeded(*self.argv)
        rows = self.query(INDEXES, bucket=self.source)
        found = dict(self.objects(self.source))
        self.assertEqual(len(found), result["done"])
        for row in rows:
            if row["object_key"] in found:
                answer = self.client.get_object(
                    Bucket=self.source, Key=row["object_key"]
                )
                body = answer["Body"].read()
                facts = len(body), hashlib.sha256(body).hexdigest()
                self.assertEqual((row["size_bytes"], row["checksum_sha256"]), facts)
        known = data(attachments=300, source_bucket=self.source)
        absent = sum(
            sum(known.attachments(it).absent) for it in known.blocks(ATTACHMENT)
        )
        self.assertEqual(len(rows) - absent, len(found))

    def test_twice_is_once(self) -> None:
        """The second start writes no object."""
        first = self.seeded(*self.argv)
        before = dict(self.objects(self.source)), self.digests()
        second = self.seeded(*self.argv)
        self.assertEqual((0, first["done"]), (second["done"], second["unchanged"]))
        self.assertEqual(before, (dict(self.objects(self.source)), self.digests()))

    def test_a_lost_object_is_written_again(self) -> None:
        """And it alone."""
        self.seeded(*self.argv)
        before = dict(self.objects(self.source))
        self.client.delete_object(Bucket=self.source, Key=min(before))
        self.assertEqual(1, self.seeded(*self.argv)["done"])
        self.assertEqual(before, dict(self.objects(self.source)))


def _written(result: dict[str, dict[str, int]]) -> tuple[int, int]:
    """Return how many rows were written, and how many were there."""
    return result["tables"]["written"], result["tables"]["unchanged"]


if __name__ == "__main__":
    unittest.main()
