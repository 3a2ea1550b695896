"""Run the main job for real, on this machine alone: no account, no Docker.

Starts a PostgreSQL server and an S3 endpoint, fills both by the seeder, copies the
files of three agencies with the real command line, does it again, and checks the
result against database and bucket. Everything is gone afterwards.

Examples::

    make demo
    make demo ARGS=--keep
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, ExitStack
import json
import os
from pathlib import Path
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import report
import sample
import silver
import verification

from etl_core.config import DatabaseSettings
from etl_core.errors import EtlError
from etl_core.testing.postgres import PostgresServer, variables
from etl_core.testing.s3 import S3Server

PROGRAMS = Path(sys.executable).parent
LIMIT_SECONDS = 300
INTERRUPTED = 130
TERMINATED = 143


class DemoFailed(Exception):
    """The demo did not come out as it must."""


class Job:
    """The command ``data-pipeline run get_s3_files`` as a child process.

    :param environ: the variables that lead it to the demo's servers.
    :param server: counts the requests that it makes.
    """

    def __init__(self, environ: dict[str, str], server: S3Server) -> None:
        """Run nothing yet."""
        self._environ = environ
        self._server = server

    def run(self, agency_id: int) -> report.Outcome:
        """Copy the files of an agency and return what the job said."""
        arguments = ["run", "get_s3_files", "--", "--agency-id", str(agency_id)]
        self._server.take_request_count()
        code, result = self._start(arguments)
        requests = self._server.take_request_count()
        return report.Outcome(agency_id, code, requests, result)

    def start(self, arguments: list[str]) -> dict[str, Any]:
        """Start any job and return what it said."""
        return self._start(arguments)[1]

    def _start(self, arguments: list[str]) -> tuple[int, dict[str, Any]]:
        """Start a job and return how it ended."""
        report.command("data-pipeline", *arguments)
        child = run_program("data-pipeline", arguments, self._environ)
        lines = child.stdout.splitlines()
        if child.returncode not in (0, 3) or not lines:
            raise DemoFailed(f"the job ended with {child.returncode}:\n{child.stderr}")
        report.raw(lines[-1])
        result: dict[str, Any] = json.loads(lines[-1])
        return child.returncode, result


def run_program(
    name: str, arguments: list[str], environ: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run a console script of this environment to its end."""
    return subprocess.run(  # noqa: S603 (our own programs)
        [PROGRAMS / name, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        env=os.environ | environ,
    )


class Prepared(NamedTuple):
    """What the job works on.

    :param sample: what is there.
    :param environ: the variables that lead there.
    """

    sample: sample.Sample
    environ: dict[str, str]


def prepare(postgres: PostgresServer, s3: S3Server) -> Prepared:
    """Bring up servers with data."""
    with ThreadPoolExecutor() as executor:
        endpoint = executor.submit(prepare_endpoint, s3)
        settings = prepare_database(postgres)
        endpoint.result()
    environ = {
        **variables(settings),
        **s3.environment,
        "ETL_SOURCE_BUCKET": sample.SOURCE_BUCKET,
        "ETL_DESTINATION_BUCKET": sample.DESTINATION_BUCKET,
    }
    return Prepared(seed(settings, s3, environ), environ)


def prepare_database(postgres: PostgresServer) -> DatabaseSettings:
    """Bring up a database with all tables."""
    with step("PostgreSQL") as done:
        postgres.start()
        settings = postgres.create_database("demo")
        done(f"{settings.host}:{settings.port}/{settings.name}")
    with step("migrations") as done:
        done(succeed("etl-database-schema", ["migrate"], variables(settings)))
    return settings


def prepare_endpoint(s3: S3Server) -> None:
    """Bring up an endpoint with two empty buckets."""
    with step("S3 endpoint") as done:
        s3.start()
        for bucket in (sample.SOURCE_BUCKET, sample.DESTINATION_BUCKET):
            s3.create_bucket(bucket)
        done(s3.endpoint_url)


def seed(
    settings: DatabaseSettings, s3: S3Server, environ: dict[str, str]
) -> sample.Sample:
    """Fill the tables and the source bucket, and return what is there."""
    with step("data") as done:
        succeed("data-seeder", [*sample.SEED], environ)
        found = sample.Sample.read(settings, s3)
        there = [each.size_bytes for each in found.attachments if each.etag is not None]
        done(
            f"{len(found.attachments):,} attachments, {len(there):,} objects, "
            f"{sum(there):,} bytes"
        )
    return found


def succeed(name: str, arguments: list[str], environ: dict[str, str]) -> str:
    """Run a console script that must succeed, and return its command."""
    child = run_program(name, arguments, environ)
    if child.returncode:
        raise DemoFailed(f"{name} ended with {child.returncode}:\n{child.stderr}")
    return " ".join([name, *arguments])


@contextmanager
def step(name: str) -> Iterator[Any]:
    """Show how long something took, with what the block says of it."""
    began = time.monotonic()
    said: list[str] = []
    yield said.append
    report.step(name, said[0], time.monotonic() - began)


def demonstrate(keep: bool) -> None:
    """Run the whole demo.

    :param keep: keep the servers up until somebody interrupts.
    """
    postgres, s3 = PostgresServer({}), S3Server({})
    with ExitStack() as stack:
        # A job that is killed cannot remove its own local files.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="etl-demo-"))
        stack.callback(postgres.stop)
        stack.callback(s3.stop)
        prepared = prepare(postgres, s3)
        job = Job({**prepared.environ, "TMPDIR": folder}, s3)
        show(job, s3, prepared.sample)
        show_silver(job, s3)
        if keep:
            wait(prepared.environ)
        else:
            report.next_steps()


def show(job: Job, s3: S3Server, data: sample.Sample) -> None:
    """Run the job over every agency, once more over the first, and check it all."""
    first = [job.run(agency_id) for agency_id in sample.AGENCIES]
    again = [job.run(first[0].agency_id)]
    report.summary(first, again)
    faults = verification.faults(s3, data, first, again)
    if faults:
        raise DemoFailed("\n".join(faults))
    report.verified(sum(each.is_to_be_copied for each in data.attachments))
    report.whereabouts(s3, first[0].result)


def show_silver(job: Job, s3: S3Server) -> None:
    """Make a table of files that shops sent, and ask it something."""
    faults = silver.act(s3, job.start)
    if faults:
        raise DemoFailed("\n".join(faults))


def wait(environ: dict[str, str]) -> None:
    """Show the variables of the servers and wait to be interrupted."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environ.items()]
    try:
        report.kept(exports)
        signal.pause()
    except KeyboardInterrupt:
        return


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    """Leave in order when asked to, so that nothing stays behind."""
    raise SystemExit(TERMINATED)


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="make demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the servers up until Ctrl-C"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, terminate)
    try:
        demonstrate(arguments.keep)
    except (DemoFailed, EtlError) as error:
        report.failure(str(error))
        return 1
    except KeyboardInterrupt:
        report.stopped()
        return INTERRUPTED
    if arguments.keep:
        report.stopped()
    return 0


if __name__ == "__main__":
    sys.exit(main())
