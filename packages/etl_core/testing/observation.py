"""What is left of a closed world: objects, unfinished uploads, and ledgers."""

from collections.abc import Iterator, Mapping, Sequence
import gzip
import hashlib
import json
from typing import Any, NamedTuple, TYPE_CHECKING

from etl_core.runs.run import CLOSED
from etl_core.runs.state import is_journal, STATE_FOLDER
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Place, World

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TagTypeDef


class SeenObject(NamedTuple):
    """An object, as far as a reader can tell."""

    sha256: str
    size: int
    content_type: str
    metadata: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]


class Observation(NamedTuple):
    """What a reader finds when no job runs.

    :param objects: by the name of the bucket in its world, and the key.
    :param uploads: multipart uploads that were neither completed nor aborted.
    :param ledgers: the final lines of every closed run, oldest run first; what may
        differ from start to start is left out.
    :param orphans: objects of the state that no run names.
    """

    objects: Mapping[tuple[str, str], SeenObject]
    uploads: tuple[str, ...]
    ledgers: tuple[tuple[tuple[Any, ...], ...], ...]
    orphans: tuple[str, ...]


class Observer:
    """Reads a world with a client of its own, past the seam.

    :param s3: the endpoint.
    :param world: says what is looked at.
    """

    def __init__(self, s3: S3Server, world: World) -> None:
        """Keep the client."""
        self._s3 = s3
        self._boto = s3.client
        self._world = world

    def observe(self, place: Place) -> Observation:
        """Return what the job may have changed in a place."""
        objects: dict[tuple[str, str], SeenObject] = {}
        uploads: list[str] = []
        ledgers: list[tuple[tuple[Any, ...], ...]] = []
        orphans: list[str] = []
        for name in self._world.changed:
            bucket = place.buckets[name]
            keys = list(self._keys(bucket))
            state = {key for key in keys if key.startswith(STATE_FOLDER)}
            objects.update(
                {
                    (name, key): self._see(bucket, key)
                    for key in keys
                    if key not in state and self._world.compared(key)
                }
            )
            listed = self._boto.list_multipart_uploads(Bucket=bucket)
            uploads += [f"{name}/{it['Key']}" for it in listed.get("Uploads", ())]
            records = [
                json.loads(self._read(bucket, key))
                for key in state
                if key.endswith("/run.json")
            ]
            records.sort(key=lambda record: record["attempts"][0]["started"])
            ledgers += [
                self._ledger(bucket, record)
                for record in records
                if record["status"] == CLOSED
            ]
            orphans += sorted(state - _accounted(state, records))
        for name, content in self._world.contents(place, self._s3).items():
            objects["contents", name] = _seen(content)
        return Observation(objects, tuple(uploads), tuple(ledgers), tuple(orphans))

    def _keys(self, bucket: str) -> Iterator[str]:
        """Yield the keys of a bucket."""
        pages = self._boto.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for page in pages:
            yield from (item["Key"] for item in page.get("Contents", ()))

    def _read(self, bucket: str, key: str) -> bytes:
        """Return the bytes of an object."""
        return self._boto.get_object(Bucket=bucket, Key=key)["Body"].read()

    def _see(self, bucket: str, key: str) -> SeenObject:
        """Return all that a reader can tell of an object."""
        found = self._boto.get_object(Bucket=bucket, Key=key)
        body = found["Body"].read()
        tags: Sequence[TagTypeDef] = ()
        if found.get("TagCount"):
            tags = self._boto.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return SeenObject(
            hashlib.sha256(body).hexdigest(),
            len(body),
            found["ContentType"],
            tuple(sorted(found["Metadata"].items())),
            tuple(sorted((tag["Key"], tag["Value"]) for tag in tags)),
        )

    def _ledger(
        self, bucket: str, record: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], ...]:
        """Return the lines of a run: unit, outcome, key, ETag and size."""
        lines = [
            json.loads(line)
            for part in record["parts"]
            for line in gzip.decompress(self._read(bucket, part["key"])).splitlines()
        ]
        return tuple(
            (
                line["unit"],
                line["outcome"],
                line["destination"]["key"],
                line["destination"]["etag"],
                line["destination"]["size"],
            )
            for line in lines
        )


def _seen(content: bytes) -> SeenObject:
    """Return a content as if it were an object."""
    return SeenObject(hashlib.sha256(content).hexdigest(), len(content), "", (), ())


def _accounted(state: set[str], records: list[dict[str, Any]]) -> set[str]:
    """Return the keys of the state that belong there.

    Leases, records and journals are what runs are resumed from; of the rest only
    what the record of a closed run names.
    """
    named = {
        key
        for key in state
        if key.endswith(("/lease.json", "/run.json")) or is_journal(key)
    }
    for record in records:
        if record["status"] == CLOSED:
            named.add(record["manifest"])
            named.update(part["key"] for part in record["parts"])
            named.update(record[name]["key"] for name in ("index", "quarantine"))
    return named
