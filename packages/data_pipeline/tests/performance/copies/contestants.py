"""Who takes part: for each a command that copies a number of objects, and its place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
import shlex
import sys
from typing import NamedTuple

from data_pipeline.tests.performance.copies import peers
from data_pipeline.tests.performance.copies.endpoint import DESTINATION, SOURCE
from data_pipeline.tests.performance.copies.rows import job

COPY, THROUGH, LARGE, SLOWED = "copy", "through", "large", "slowed"
FLOOR, BARE, JOB, BOTO3 = "C floor", "bare copier", "whole job", "boto3, threads"
MODULES = "data_pipeline.tests.performance.copies"


class Entry(NamedTuple):
    """One contestant at one task.

    :param task: one of the four; ``slowed`` is ``copy`` while S3 refuses some requests.
    :param objects: how many it copies.
    :param size: of each, in bytes.
    """

    task: str
    contestant: str
    concurrency: int
    objects: int
    size: int = 4096


@dataclass(frozen=True)
class Places:
    """What commands refer to.

    :param floor: the program.
    :param port: of the server.
    :param folder: for lists and configuration, emptied afterwards.
    :param scratch: for bytes on their way, in memory where there is such a place.
    """

    floor: str
    port: int
    folder: Path
    scratch: Path


Command = Callable[[Entry, Places], list[str]]


def floor(entry: Entry, places: Places) -> list[str]:
    """Run the client in C."""
    task = COPY if entry.task == SLOWED else entry.task
    kind = COPY if task == COPY else THROUGH
    facts = (entry.concurrency, entry.objects, entry.size)
    return [places.floor, str(places.port), kind, *map(str, facts)]


def bare(entry: Entry, places: Places) -> list[str]:
    """Run our copier without a job around it."""
    kind = COPY if entry.task in {COPY, SLOWED} else THROUGH
    facts = (kind, str(entry.concurrency), str(entry.objects))
    return [sys.executable, "-m", f"{MODULES}.bare", *facts]


def whole_job(entry: Entry, places: Places) -> list[str]:
    """Run the console script."""
    return job(entry.objects, entry.concurrency)


def boto3(entry: Entry, places: Places) -> list[str]:
    """Run boto3 in as many threads as requests may be under way."""
    facts = (str(entry.concurrency), str(entry.objects))
    return [sys.executable, "-m", f"{MODULES}.threads", *facts]


def s5cmd(entry: Entry, places: Places) -> list[str]:
    """Run lists of commands; through the process means through files in memory."""
    source, destination = f"s3://{SOURCE}/in", f"s3://{DESTINATION}/out"
    if entry.task == COPY:
        return _s5cmd(entry, places, f"{source}/%d", f"{destination}/%d")
    there = _s5cmd(entry, places, f"{source}/%d", f"{places.scratch}/%d")
    back = _s5cmd(entry, places, f"{places.scratch}/%d", f"{destination}/%d")
    return ["sh", "-c", f"{shlex.join(there)} && {shlex.join(back)}"]


def _s5cmd(entry: Entry, places: Places, source: str, destination: str) -> list[str]:
    """Write a list and return the command that works it off."""
    kind = "back" if source.startswith("/") else "there"
    listed = places.folder / f"{entry.task}-{entry.objects}-{kind}"
    if not listed.exists():
        numbers = range(1, entry.objects + 1)
        lines = (f"cp {source % number} {destination % number}\n" for number in numbers)
        listed.write_text("".join(lines))
    workers = f"--numworkers={entry.concurrency}"
    return [_path(peers.S5CMD), "--log=error", workers, "run", str(listed)]


def rclone(entry: Entry, places: Places) -> list[str]:
    """Run rclone over the whole source, which has what is asked for and no more."""
    remote = ":s3,provider=Other,env_auth=true,no_check_bucket=true,endpoint="
    remote += f"'http://127.0.0.1:{places.port}'"
    return [
        *(_path(peers.RCLONE), "copy", "--config=/dev/null", "--fast-list"),
        *(f"--transfers={entry.concurrency}", f"--checkers={entry.concurrency}"),
        *("--no-traverse", "--ignore-times"),
        *(f"{remote}:{SOURCE}/in", f"{remote}:{DESTINATION}/out"),
    ]


def aws(entry: Entry, places: Places) -> list[str]:
    """Run the AWS CLI over the whole source."""
    config = places.folder / f"aws-{entry.concurrency}"
    config.write_text(
        f"[default]\ns3 =\n  max_concurrent_requests = {entry.concurrency}\n"
    )
    command = [_path(peers.AWS), "s3", "cp", "--recursive", "--only-show-errors"]
    names = [f"s3://{SOURCE}/in/", f"s3://{DESTINATION}/out/"]
    return ["env", f"AWS_CONFIG_FILE={config}", *command, *names]


def _path(name: str) -> str:
    """Return where a tool is that takes part."""
    found = peers.program(name)
    assert found is not None
    return found


COMMANDS: dict[str, Command] = {
    FLOOR: floor,
    JOB: whole_job,
    BARE: bare,
    peers.S5CMD: s5cmd,
    BOTO3: boto3,
    peers.RCLONE: rclone,
    peers.AWS: aws,
}
WHOLE_SOURCE = frozenset({peers.RCLONE, peers.AWS})
"""Those that copy whatever the source has."""
SLOW = 4
"""The slow ones copy so many times fewer objects; what counts is objects a second."""


@dataclass(frozen=True)
class Sizes:
    """How much is copied at the lower concurrency; twice as much at the higher one.

    :param objects: by each tool.
    :param units: by the whole job; four times as much at the higher concurrency.
    :param through: through the process.
    :param large: objects of 8 MiB.
    """

    objects: int
    units: int
    through: int
    large: int


MODEST = Sizes(6_000, 8_000, 3_000, 50)
FULL = Sizes(12_000, 50_000, 6_000, 200)
LARGE_BYTES, LARGE_CONCURRENCY = 8 * 1024 * 1024, 16


def entries(
    sizes: Sizes, concurrencies: Sequence[int], tasks: Sequence[str]
) -> list[Entry]:
    """Return one round: who does what, in turn."""
    found: list[Entry] = []
    for concurrency in concurrencies:
        more = 2 if concurrency > 64 else 1
        objects, through = sizes.objects * more, sizes.through * more
        units = sizes.units * more * more
        few = objects // SLOW
        found += [
            Entry(COPY, FLOOR, concurrency, objects),
            Entry(COPY, BARE, concurrency, objects),
            Entry(COPY, JOB, concurrency, units),
            Entry(COPY, peers.S5CMD, concurrency, objects),
            Entry(COPY, BOTO3, concurrency, few),
            Entry(COPY, peers.RCLONE, concurrency, few),
            Entry(COPY, peers.AWS, concurrency, few),
            Entry(SLOWED, BARE, concurrency, objects),
            Entry(SLOWED, JOB, concurrency, units),
            Entry(THROUGH, FLOOR, concurrency, through),
            Entry(THROUGH, BARE, concurrency, through),
            Entry(THROUGH, peers.S5CMD, concurrency, through),
        ]
    found += [
        Entry(LARGE, each, LARGE_CONCURRENCY, sizes.large, LARGE_BYTES)
        for each in (FLOOR, BARE, peers.S5CMD)
    ]
    tools = (peers.S5CMD, peers.RCLONE, peers.AWS)
    missing = {name for name in tools if peers.program(name) is None}
    return [
        each for each in found if each.task in tasks and each.contestant not in missing
    ]
