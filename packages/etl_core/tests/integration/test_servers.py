"""The servers that tests and the demo start: they work, and leave nothing behind."""

import os
from pathlib import Path
import socket
import subprocess
import sys
import time
import unittest
from urllib.parse import urlsplit

from etl_core.database import DatabaseClient
from etl_core.testing.ports import LOOPBACK
from etl_core.testing.postgres import genuine_settings, PostgresServer, variables
from etl_core.testing.s3 import S3Server

QUERY = """
from etl_core.database import DatabaseClient
with DatabaseClient() as client:
    print(client.execute_query("SELECT current_database() AS name")[0]["name"])
"""
LIST = """
import boto3
print([each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]])
"""
ABANDON = """
import os, sys
from etl_core.testing.s3 import S3Server
server = S3Server({})
server.start()
print(server.endpoint_url, flush=True)
os._exit(1)
"""


def run_child(source: str, environ: dict[str, str]) -> str:
    """Return what a child process with these variables prints."""
    return subprocess.run(
        [sys.executable, "-c", source],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environ},
    ).stdout.strip()


def is_listening(port: int | None) -> bool:
    """Return whether somebody serves a port of the loopback interface."""
    try:
        socket.create_connection((LOOPBACK, port or 0), 1).close()
    except OSError:
        return False
    return True


class PostgresServerTest(unittest.TestCase):
    """The embedded server, in a folder for temporary files of its own."""

    def test_life(self) -> None:
        """It serves children, copies databases, and is gone with its folder."""
        with PostgresServer({}) as server:
            self.assertEqual(LOOPBACK, server.settings.host)
            first = server.create_database("first")
            with DatabaseClient(first) as client:
                client.execute_query("CREATE TABLE item (id int)")
            self.assertEqual("first", run_child(QUERY, variables(first)))
            copy = server.fresh_database(template="first")
            with DatabaseClient(copy) as client:
                self.assertEqual([], client.execute_query("SELECT id FROM item"))
                server.drop_database(copy)
            with DatabaseClient(first) as client:
                rows = client.execute_query("SHOW data_directory")
            folder = Path(rows[0]["data_directory"]).parent
            self.assertTrue(folder.exists())
        self.assertFalse(folder.exists())
        self.assertFalse(is_listening(first.port))
        with self.assertRaisesRegex(RuntimeError, "start the server first"):
            self.assertIsNone(server.settings)

    def test_genuine_server_by_its_variables(self) -> None:
        """The variables of the tests are those of the jobs with a prefix."""
        settings = genuine_settings(
            {
                "ETL_TEST_DATABASE_HOST": "db",
                "ETL_TEST_DATABASE_PORT": "15432",
                "ETL_TEST_DATABASE_NAME": "n",
                "ETL_TEST_DATABASE_USER": "u",
                "ETL_TEST_DATABASE_PASSWORD": "p",
                "DATABASE_HOST": "production",
            }
        )
        assert settings is not None
        self.assertEqual(("db", 15432), (settings.host, settings.port))
        self.assertIsNone(genuine_settings({"DATABASE_HOST": "production"}))


class S3ServerTest(unittest.TestCase):
    """The emulator."""

    def test_life(self) -> None:
        """It serves children over a socket and is gone at the end."""
        with S3Server({}) as server:
            port = urlsplit(server.endpoint_url).port
            bucket = server.fresh_bucket()
            self.assertEqual(f"['{bucket}']", run_child(LIST, server.environment))
            server.create_client().put_object(Bucket=bucket, Key="key", Body=b"x")
            server.remove_bucket(bucket)
            self.assertEqual("[]", run_child(LIST, server.environment))
        self.assertFalse(is_listening(port))

    def test_counts_requests(self) -> None:
        """It says how many requests came since it was last asked."""
        with S3Server({}) as server:
            server.create_bucket("counted")
            client = server.create_client()
            for number in range(3):
                client.put_object(Bucket="counted", Key=str(number))
            self.assertEqual(4, server.take_request_count())
            self.assertEqual(0, server.take_request_count())

    def test_ends_with_its_owner(self) -> None:
        """An owner that dies without a word leaves no server behind."""
        child = subprocess.run(
            [sys.executable, "-c", ABANDON],
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = urlsplit(child.stdout.strip()).port
        deadline = time.monotonic() + 10
        while is_listening(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(is_listening(port))


if __name__ == "__main__":
    unittest.main()
