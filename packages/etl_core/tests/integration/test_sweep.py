"""The crash proof on real servers: what it sees, and what it refuses to prove."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
import unittest

from etl_core.database import DatabaseClient
from etl_core.errors import EtlError
from etl_core.s3.client import S3Client
from etl_core.s3.store import ObjectRef
from etl_core.testing.observation import Observer
from etl_core.testing.postgres import PostgresServer
from etl_core.testing.s3 import s3_server, S3Server
from etl_core.testing.sweep import Stage, Sweep
from etl_core.testing.worlds import Clients, Place, World

BUCKET = "data"


def world_of(job: Callable[[Place, Clients], Any], has_database: bool = False) -> World:
    """Return a world whose job is a function of the place and the clients."""
    places: list[Place] = []

    def arguments(place: Place) -> list[str]:
        places.append(place)
        return []

    def entrypoint(_argv: list[str], clients: Clients) -> int:
        job(places[-1], clients)
        return 0

    return World(
        entrypoint=entrypoint,
        arguments=arguments,
        services=lambda clients: clients,
        changed=(BUCKET,),
        has_database=has_database,
    )


class SeamTest(unittest.TestCase):
    """The servers count too: what does not pass the seam cannot be killed there.

    The embedded ones, because genuine ones do not count for us.
    """

    s3: ClassVar[S3Server]
    postgres: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the servers."""
        super().setUpClass()
        cls.s3, cls.postgres = S3Server({}), PostgresServer({})
        for server in (cls.s3, cls.postgres):
            server.start()
            cls.addClassCleanup(server.stop)

    def sweep(self, world: World) -> Sweep:
        """Make the clean run of a world."""
        database = self.postgres if world.has_database else None
        stage = Stage(world, self.s3, database)
        try:
            return Sweep(stage, 1)
        finally:
            stage.close()

    def test_a_store_of_its_own(self) -> None:
        """A request to S3 past the seam is found."""
        own = S3Client(self.s3.create_client)
        world = world_of(lambda place, _: own.probe(place.buckets[BUCKET]))
        with self.assertRaisesRegex(EtlError, "1 calls to s3 but 0 passed the seam"):
            self.sweep(world)

    def test_a_database_of_its_own(self) -> None:
        """Connecting is one statement, and the query is another."""

        def job(place: Place, _clients: Clients) -> None:
            with DatabaseClient(place.database) as own:
                own.execute_query("SELECT 1")

        with self.assertRaisesRegex(EtlError, "2 calls to postgresql but 0 passed"):
            self.sweep(world_of(job, has_database=True))

    def test_every_statement_is_one_call(self) -> None:
        """Also those that a transaction and a stream consist of, of several lines."""

        def job(_place: Place, clients: Clients) -> None:
            assert clients.database is not None
            with clients.database.transaction() as rows:
                rows.execute_query("SELECT 1 AS one,\n2 AS two")
                list(rows.stream("SELECT * FROM generate_series(1, 5)", batch_rows=2))

        calls = self.sweep(world_of(job, has_database=True)).calls
        self.assertEqual(
            ["connect", *["execute"] * 3, *["fetch"] * 3, "commit"],
            [call.operation for call in calls],
        )

    def test_a_run_that_fails(self) -> None:
        """Nothing is proven of a job that does not end well without dying."""
        world = world_of(
            lambda place, clients: clients.store.head(
                ObjectRef(place.buckets[BUCKET], "missing")
            )
        )
        with self.assertRaisesRegex(EtlError, "clean run .* ended with 65"):
            self.sweep(world)


class ObserverTest(unittest.TestCase):
    """A bucket with an object, an unfinished upload and a stray file of a state."""

    def setUp(self) -> None:
        """Make the bucket."""
        self.s3 = s3_server()
        self.bucket = self.s3.fresh_bucket()
        self.addCleanup(self.s3.remove_bucket, self.bucket)
        self.place = Place({BUCKET: self.bucket, "other": "not looked at"}, None)

    def put(self, key: str, **facts: Any) -> None:  # noqa: ANN401
        """Write an object."""
        self.s3.client.put_object(Bucket=self.bucket, Key=key, Body=b"x", **facts)

    def test_everything_a_reader_can_tell(self) -> None:
        """Bytes, type, metadata, tags, uploads, and what belongs to no run."""
        self.put("plain")
        self.put("full", ContentType="a/b", Metadata={"n": "1"}, Tagging="k=v")
        self.put("_etl/job=j/scope=s/run=r/attempt=1/part=1.ndjson.gz")
        self.put("_etl/job=j/scope=s/run=r/attempt=1/journal=1.ndjson.gz")
        self.s3.client.create_multipart_upload(Bucket=self.bucket, Key="half")
        world = world_of(lambda _place, _clients: None)
        seen = Observer(self.s3, world).observe(self.place)
        self.assertEqual({(BUCKET, "plain"), (BUCKET, "full")}, set(seen.objects))
        plain, full = seen.objects[BUCKET, "plain"], seen.objects[BUCKET, "full"]
        self.assertEqual((1, ()), (plain.size, plain.tags))
        self.assertEqual(plain.sha256, full.sha256)
        self.assertEqual(
            ("a/b", (("n", "1"),), (("k", "v"),)),
            (full.content_type, full.metadata, full.tags),
        )
        self.assertEqual(("data/half",), seen.uploads)
        self.assertEqual((), seen.ledgers)
        self.assertEqual(
            ("_etl/job=j/scope=s/run=r/attempt=1/part=1.ndjson.gz",), seen.orphans
        )

    def test_contents_instead_of_objects(self) -> None:
        """What a world does not compare it may show as a reader finds it."""
        self.put("receipt")
        self.put("named at random")
        world = replace(
            world_of(lambda _place, _clients: None),
            compared=lambda key: key == "receipt",
            contents=lambda place, _s3: {"table": place.buckets[BUCKET].encode()},
        )
        seen = Observer(self.s3, world).observe(self.place).objects
        self.assertEqual({(BUCKET, "receipt"), ("contents", "table")}, set(seen))
        self.assertEqual(len(self.bucket), seen["contents", "table"].size)


if __name__ == "__main__":
    unittest.main()
