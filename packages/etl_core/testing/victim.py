"""A process that is killed in the middle of a job, and the way to start it.

``python -m etl_core.testing.victim WORLD BUCKETS [OPTION ...]`` starts the job of a
world once; the environment says where the servers are, and at which call to die.
"""

import json
import subprocess
import sys

from etl_core.config import DatabaseSettings, environment, S3Settings
from etl_core.testing.crashpoints import crash_hook, Moment, VARIABLE
from etl_core.testing.postgres import variables
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import load_world, Place, Starter

TIMEOUT_SECONDS = 120


def run(
    world_name: str,
    place: Place,
    s3: S3Server,
    concurrency: int,
    number: int,
    moment: Moment,
) -> int:
    """Start the job in a process of its own and kill it at one call.

    :returns: the exit code; negative is the number of the signal that killed it.
    """
    environ = {**environment(), **s3.environment, VARIABLE: f"{number}:{moment.value}"}
    if place.database:
        environ.update(variables(place.database))
    command = [
        *(sys.executable, "-m", "etl_core.testing.victim"),
        *(world_name, json.dumps(place.buckets)),
        *("--concurrency", str(concurrency)),
    ]
    return subprocess.run(  # noqa: S603 (our own arguments)
        command,
        env=environ,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
    ).returncode


def main(argv: list[str]) -> int:
    """Start the job once and return its exit code, unless it dies."""
    name, buckets, *options = argv
    world = load_world(name)
    database = DatabaseSettings.from_environment() if world.has_database else None
    place = Place(json.loads(buckets), database)
    return Starter(world, S3Settings.from_environment(), options).start(
        place, crash_hook()
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
