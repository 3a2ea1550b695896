"""Keeps the files of a silver table large, and removes those it no longer has."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
import hashlib
from pathlib import Path
import re
from typing import Any, NamedTuple
import uuid

from data_pipeline.config.compact_silver import CompactSilverConfig
from data_pipeline.repositories.duck import Session
from data_pipeline.silver.batch import data_file, require_rows
from data_pipeline.silver.files import Change, DataFile, Snapshot, TableLog
from etl_core import logs
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.support.executor import run_bounded

WRITER = "etl-platform/compact_silver"
SMALL = 0.75
COMMITS_TO_REPLAY = 10
STAMP = re.compile(r"part-(\d{8}T\d{6})-[^/]*\.parquet")
STAMP_FORMAT = "%Y%m%dT%H%M%S"

logger = logs.get_logger()


class Group(NamedTuple):
    """Small files of one partition that become one."""

    files: tuple[DataFile, ...]

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(it.size for it in self.files)


@dataclass
class Done:
    """What a compaction did, or would do.

    :param bytes: of the files that were made one.
    """

    groups: int = 0
    files_before: int = 0
    bytes: int = 0
    checkpoint: bool = False
    removed: int = 0
    version: int = -1


class Compaction:
    """Compacts one table.

    :param store: where it is.
    :param config: of this start.
    :param log: of the table.
    :param folder: for local files.
    :param clock: the time in UTC.
    """

    def __init__(
        self,
        store: ObjectStore,
        config: CompactSilverConfig,
        log: TableLog,
        folder: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Keep the parts."""
        self._store = store
        self._config = config
        self._log = log
        self._folder = folder
        self._clock = clock

    def run(self) -> dict[str, Any]:
        """Compact, shorten the log, remove what is old; return what was done."""
        config, done = self._config, Done()
        snapshot = self._log.snapshot()
        groups = list(small_files(snapshot, config.target_bytes))
        done.groups = len(groups)
        done.files_before = sum(len(it.files) for it in groups)
        done.bytes = sum(it.size for it in groups)
        if not config.options.dry_run:
            if groups:
                self._compact(snapshot, groups)
                snapshot = self._log.snapshot()
            done.checkpoint = self._log.shorten(COMMITS_TO_REPLAY)
        old = list(self._old_files(snapshot))
        done.removed, done.version = len(old), snapshot.version
        if old and not config.options.dry_run:
            self._store.delete(config.destination.bucket, old)
        return {
            "job": "compact_silver",
            "status": "planned" if config.options.dry_run else "compacted",
            "table": config.destination.url,
            "table_version": done.version,
            "files": len(snapshot.files),
            "merged_files": done.files_before,
            "into": done.groups,
            "merged_bytes": done.bytes,
            "checkpoint": done.checkpoint,
            "removed_files": done.removed,
        }

    def _compact(self, snapshot: Snapshot, groups: list[Group]) -> None:
        """Write each group as one file and commit them together."""
        added = [self._rewritten(snapshot, group) for group in groups]
        removed = [file for group in groups for file in group.files]
        names = "\0".join(sorted(it.key for it in removed))
        digest = hashlib.sha256(names.encode()).digest()
        change = Change(
            WRITER,
            int.from_bytes(digest[:8], "big") >> 1,
            snapshot.columns,
            snapshot.partition,
            removed,
            added,
            compaction=True,
        )
        version = self._log.commit(snapshot, change)
        logger.info("commit", version=version, files=len(added), replaced=len(removed))

    def _rewritten(self, snapshot: Snapshot, group: Group) -> DataFile:
        """Write the rows of a group into one new file and store it."""
        options, bucket = self._config.options, self._config.destination.bucket

        def fetch(numbered: tuple[int, DataFile]) -> str:
            """Fetch one file."""
            path = self._folder / f"small-{numbered[0]}.parquet"
            with path.open("wb+") as sink:
                self._store.get(ObjectRef(bucket, self._key(numbered[1])), sink)
            return str(path)

        workers = options.concurrency
        files = enumerate(group.files)
        paths = sorted(
            run_bounded(fetch, files, workers=workers, in_flight=2 * workers)
        )
        first = group.files[0]
        name = f"part-{self._clock():{STAMP_FORMAT}}-{uuid.uuid4()}.parquet"
        path = self._folder / name
        with Session(self._folder, self._config.memory_limit) as session:
            written = session.concatenate(paths, path)
        require_rows([written], sum(it.rows for it in group.files))
        made = data_file(_beside(first.key, name), written)
        with path.open("rb") as body:
            self._store.put(ObjectRef(bucket, self._key(made)), body)
        for each in (*map(Path, paths), path):
            each.unlink()
        return made._replace(partition=first.partition)

    def _old_files(self, snapshot: Snapshot) -> Iterator[str]:
        """Yield the keys of files that the table has not had for long enough.

        A file that no commit ever named is as old as its name says.
        """
        config = self._config
        limit = self._clock() - config.retention
        living = {self._key(it) for it in snapshot.files}
        gone = {
            config.destination.key + key: datetime.fromtimestamp(
                at / 1000, timezone.utc
            )
            for key, at in self._log.tombstones().items()
        }
        place = config.destination
        for found in list_objects(self._store, place.bucket, place.key):
            if found.key in living:
                continue
            stamp = STAMP.fullmatch(found.key.rpartition("/")[2])
            if stamp is None:
                continue
            written = datetime.strptime(stamp[1], STAMP_FORMAT)
            since = gone.get(found.key, written.replace(tzinfo=timezone.utc))
            if since < limit:
                yield found.key

    def _key(self, file: DataFile) -> str:
        """Return the key of a file in the bucket."""
        return self._config.destination.key + file.key


def small_files(snapshot: Snapshot, target: int) -> Iterator[Group]:
    """Yield groups of small files of one partition, each as large as a file becomes.

    What is nearly large enough stays, so that a second compaction finds nothing.
    """
    partitions: dict[tuple[str | None, ...], list[DataFile]] = {}
    for file in snapshot.files:
        if file.size < SMALL * target:
            values = tuple(file.partition.get(name) for name in snapshot.partition)
            partitions.setdefault(values, []).append(file)
    for files in partitions.values():
        yield from _packed(sorted(files), target)


def _packed(files: list[DataFile], target: int) -> Iterator[Group]:
    """Yield files in groups that do not exceed the target."""
    group: list[DataFile] = []
    for file in files:
        if group and sum(it.size for it in group) + file.size > target:
            if len(group) > 1:
                yield Group(tuple(group))
            group = []
        group.append(file)
    if len(group) > 1:
        yield Group(tuple(group))


def _beside(key: str, name: str) -> str:
    """Return a key in the folder of another one."""
    folder, slash, _ = key.rpartition("/")
    return f"{folder}{slash}{name}"
