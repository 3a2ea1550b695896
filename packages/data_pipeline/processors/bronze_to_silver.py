"""Makes bronze objects rows of a silver table and accounts for every row."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
import hashlib
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from data_pipeline import __version__
from data_pipeline.config.bronze_to_silver import BronzeToSilverConfig
from etl_core.processors.manifest import CsvManifest
from etl_core.runs.effects import Effect
from etl_core.runs.run import RunSpec
from etl_core.runs.runner import JobParts, Runner
from etl_core.runs.selection import read_unit_keys
from etl_core.runs.spool import LineWriter, local_folder, read_lines
from etl_core.runs.state import STATE_FOLDER
from etl_core.runs.units import Unit
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore

JOB_NAME = "bronze_to_silver"
# S3 User Guide, "Naming Amazon S3 objects": 1,024 bytes. The rows in quarantine have
# ETag, contract and shard in their key besides.
KEY_BYTES = 1024 - 96
FOLDER = "folder"
MARKER = "marker"
KEY_TOO_LONG = "key_too_long"
BYTES = "bytes"


class SilverTable(Protocol):
    """What the processor needs to know of the table and of how it is written."""

    @property
    def digest(self) -> str:
        """The contract in sixteen or more hexadecimal digits."""
        ...

    @property
    def receipts(self) -> str:
        """What the keys of all receipts of this writer begin with."""
        ...

    @property
    def effect(self) -> Effect:
        """What makes the units rows of the table."""
        ...

    def totals(self) -> dict[str, Any]:
        """Return what the rows of this start add up to."""
        ...


class BronzeToSilver:
    """The processor of the job.

    :param config: of this start.
    :param table: that the rows become part of.
    :param store: where bronze and silver are.
    :param runner: makes the run.
    """

    def __init__(
        self,
        config: BronzeToSilverConfig,
        table: SilverTable,
        store: ObjectStore,
        runner: Runner,
    ) -> None:
        """Keep the parts."""
        self._config = config
        self._table = table
        self._store = store
        self._runner = runner

    def run(self) -> dict[str, Any]:
        """Process the objects that are not processed yet; return the totals."""
        config, table = self._config, self._table
        self._store.probe(config.source.bucket)
        self._store.probe(config.destination.bucket)
        units = BronzeUnits(config, table, self._store, self._keys())
        spec = RunSpec(
            job=JOB_NAME,
            version=__version__,
            bucket=config.destination.bucket,
            prefix=units.receipts + config.source.key,
            scope=config.scope(),
            arguments=config.arguments(table.digest),
            partial=config.partial,
        )
        parts = JobParts(source=units, effect=table.effect, manifest=CsvManifest)
        return {**self._runner.run(spec, parts), **table.totals()}

    def _keys(self) -> frozenset[str] | None:
        """Return the objects that were asked for by ``--units``."""
        units = self._config.options.units
        if units is None:
            return None
        return frozenset(read_unit_keys(self._store, units))


class BronzeUnits:
    """The bronze objects of a prefix as units.

    :param config: of this start.
    :param table: whose receipts they become.
    :param store: where they are listed.
    :param keys: only these units; ``None`` for all.
    """

    def __init__(
        self,
        config: BronzeToSilverConfig,
        table: SilverTable,
        store: ObjectStore,
        keys: Collection[str] | None,
    ) -> None:
        """Choose the objects."""
        self._config = config
        self._store = store
        self._keys = keys
        self._digest = table.digest
        self.receipts = f"{table.receipts}{config.source.bucket}/"

    @contextmanager
    def snapshot(self) -> Iterator["BronzeUnitsSnapshot"]:
        """List the objects once, whole; count and units are of that listing."""
        with local_folder() as folder:
            with LineWriter(folder / "listing.ndjson.gz") as listing:
                for found in islice(self._chosen(), self._config.options.limit):
                    listing.write(self._unit(found))
            yield BronzeUnitsSnapshot(listing.path, listing.lines)

    def _chosen(self) -> Iterator[ListedObject]:
        """Yield the objects that this start is for."""
        config = self._config
        first, last = _second(config.start), _second(config.options.end)
        source = config.source
        for found in list_objects(self._store, source.bucket, source.key):
            if (first and found.modified < first) or (last and found.modified >= last):
                continue
            wanted = self._keys is None or unit_key(config.source, found) in self._keys
            if wanted and not self._is_ours(found.key):
                yield found

    def _is_ours(self, key: str) -> bool:
        """Tell whether an object was written by us, when all is in one bucket."""
        config = self._config
        ours = config.source.bucket == config.destination.bucket and key.startswith(
            config.destination.key
        )
        return ours or key.startswith(STATE_FOLDER)

    def _unit(self, found: ListedObject) -> Unit:
        """Return what an object asks for."""
        destination = self.receipts + found.key
        return Unit(
            key=unit_key(self._config.source, found),
            source=ObjectRef(self._config.source.bucket, found.key),
            destination=destination,
            fingerprint=fingerprint(found, self._digest),
            skip=skip_reason(found, destination),
            attributes={BYTES: found.size},
        )


class BronzeUnitsSnapshot:
    """The units of one listing.

    :param path: where it is spooled.
    :param listed: how many objects it had.
    """

    def __init__(self, path: Path, listed: int) -> None:
        """Keep the listing."""
        self._path = path
        self._listed = listed

    def count(self) -> int:
        """Return how many objects were listed."""
        return self._listed

    def units(self) -> Iterator[Unit]:
        """Yield the units in the order of their destination keys."""
        return read_lines(self._path, Unit)


def unit_key(source: ObjectRef, found: ListedObject) -> str:
    """Return the name of a unit: the URL of its object."""
    return ObjectRef(source.bucket, found.key).url


def skip_reason(found: ListedObject, destination: str) -> str | None:
    """Return why an object is not read, ``None`` if it is."""
    name = found.key.rpartition("/")[2]
    if not name:
        return FOLDER
    if name.startswith(("_", ".")):
        return MARKER
    return KEY_TOO_LONG if len(destination.encode()) > KEY_BYTES else None


def fingerprint(found: ListedObject, digest: str) -> str:
    """Return sixteen hexadecimal digits that change with object and contract."""
    facts = (found.etag, found.size, digest)
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def _second(moment: datetime | None) -> str:
    """Return a time as listings have it, rounded down; empty for none."""
    if moment is None:
        return ""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}"
