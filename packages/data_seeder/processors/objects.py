"""Writes the object of every attachment that has one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
import hashlib
import io
from itertools import islice

from data_seeder.config.seed import SeederConfig
from data_seeder.generation.tables import ATTACHMENT, Attachments, Data, STORED
from etl_core.errors import ConfigError
from etl_core.runs.effects import Made, UnitEffect
from etl_core.runs.units import Source, Unit
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore

UNIT_KEY = "attachment_id="
PREFIX = "uploads/"
ABSENT = "left_out"
OTHER_BUCKET = "other_bucket"


class AttachmentObjects:
    """The attachments as units, in the order of their keys.

    :param config: of this start.
    :param data: every row.
    :param count: counts the rows that the database has.
    :param ids: only these attachments; ``None`` for all.
    """

    def __init__(
        self,
        config: SeederConfig,
        data: Data,
        count: Callable[[], int],
        ids: Collection[int] | None = None,
    ) -> None:
        """Keep the parts."""
        self._config = config
        self._data = data
        self._count = count
        self._ids = ids

    @contextmanager
    def snapshot(self) -> Iterator["AttachmentObjects"]:
        """The rows were written before, and are not written again."""
        yield self

    def count(self) -> int:
        """Count the units, of which each is a row of the database."""
        there = self._count() if self._ids is None else len(self._ids)
        limit = self._config.options.limit
        return there if limit is None else min(there, limit)

    def units(self) -> Iterator[Unit]:
        """Yield the units."""
        every = (
            unit
            for block in self._data.blocks(ATTACHMENT)
            for unit in self._units(self._data.attachments(block))
        )
        return islice(every, self._config.options.limit)

    def _units(self, known: Attachments) -> Iterator[Unit]:
        """Yield the units of a block."""
        for place, key in enumerate(known.keys):
            number = known.first + place
            if self._ids is None or number in self._ids:
                yield Unit(
                    key=f"{UNIT_KEY}{number}",
                    source=ObjectRef("", ""),
                    destination=key,
                    fingerprint=known.checksums[place][:16],
                    size=known.sizes[place],
                    skip=self._skip(known, place),
                )

    def _skip(self, known: Attachments, place: int) -> str | None:
        """Return why an attachment has no object in the bucket."""
        if known.statuses[place] != STORED:
            return known.statuses[place]
        if known.buckets[place] != self._config.bucket:
            return OTHER_BUCKET
        return ABSENT if known.absent[place] else None


class BodyEffect(UnitEffect):
    """Writes the bytes that the seed decides.

    :param store: where the bucket is.
    :param data: the bytes.
    """

    def __init__(self, store: ObjectStore, data: Data) -> None:
        """Keep the parts."""
        self._store = store
        self._data = data

    def make(self, unit: Unit, destination: ObjectRef) -> Made:
        """Write an object; the same bytes each time."""
        body = self._body(unit)
        etag = self._store.put(destination, io.BytesIO(body))
        return Made(etag, Source(*unit.source, size=len(body)), len(body))

    def recognise(self, unit: Unit, in_place: ListedObject) -> Made | None:
        """Return what lies in place when its ETag is that of the bytes."""
        body = self._body(unit)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if (etag, len(body)) != (in_place.etag, in_place.size):
            return None
        return Made(etag, Source(*unit.source, size=len(body)), len(body))

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return what a unit takes, for the dry run."""
        return {"PutObject": 1}

    def _body(self, unit: Unit) -> bytes:
        """Return the bytes of the object of a unit."""
        return self._data.bodies.body(attachment_id_of(unit.key), unit.size or 0)


def attachment_id_of(unit_key: str) -> int:
    """Return the attachment that a unit key names.

    :raises ConfigError: when it names none.
    """
    number = unit_key.removeprefix(UNIT_KEY)
    if number == unit_key or not number.isdecimal():
        raise ConfigError(
            f"--units: {unit_key!r} is no unit of seed; a unit key looks like "
            "attachment_id=789"
        )
    return int(number)
