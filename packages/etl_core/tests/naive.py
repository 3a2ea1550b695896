"""Jobs as they are written before somebody kills them, each with its small world.

They do the same with two units and differ in the order of what they do. All but the
last leave another world when they die at the wrong moment.
"""

from collections.abc import Callable
import io
import uuid

from etl_core.errors import ObjectMissing
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Clients, Place, World

UNITS = ("one", "two")
BUCKET = "data"

Step = Callable[[ObjectStore, str, str], None]


def put(store: ObjectStore, bucket: str, key: str, body: bytes = b"") -> None:
    """Write a small object."""
    store.put(ObjectRef(bucket, key), io.BytesIO(body))


def exists(store: ObjectStore, bucket: str, key: str) -> bool:
    """Ask for an object."""
    try:
        store.head(ObjectRef(bucket, key))
    except ObjectMissing:
        return False
    return True


def copy(store: ObjectStore, bucket: str, unit: str, to: str) -> None:
    """Copy the source of a unit."""
    store.copy(ObjectRef(bucket, f"in/{unit}"), ObjectRef(bucket, to))


def effect_first(store: ObjectStore, bucket: str, unit: str) -> None:
    """Count a unit, and then record that it is counted."""
    if exists(store, bucket, f"done/{unit}"):
        return
    counter = io.BytesIO()
    store.get(ObjectRef(bucket, "counter"), counter)
    put(store, bucket, "counter", str(int(counter.getvalue()) + 1).encode())
    put(store, bucket, f"done/{unit}")


def record_first(store: ObjectStore, bucket: str, unit: str) -> None:
    """Record that a unit is copied, and then copy it."""
    if exists(store, bucket, f"done/{unit}"):
        return
    put(store, bucket, f"done/{unit}")
    copy(store, bucket, unit, f"out/{unit}")


def random_name(store: ObjectStore, bucket: str, unit: str) -> None:
    """Copy a unit to a name that nobody will think of again."""
    copy(store, bucket, unit, f"out/{uuid.uuid4()}")


def tidy_up(store: ObjectStore, bucket: str, unit: str) -> None:
    """Copy a unit by way of another object, and rely on ``finally`` to remove that."""
    if exists(store, bucket, f"out/{unit}"):
        return
    try:
        copy(store, bucket, unit, f"tmp/{unit}")
        store.copy(ObjectRef(bucket, f"tmp/{unit}"), ObjectRef(bucket, f"out/{unit}"))
    finally:
        store.delete(bucket, [f"tmp/{unit}"])


def correct(store: ObjectStore, bucket: str, unit: str) -> None:
    """Copy a unit to a name of its own, and then record it: again does no harm."""
    if exists(store, bucket, f"done/{unit}"):
        return
    copy(store, bucket, unit, f"out/{unit}")
    put(store, bucket, f"done/{unit}")


def seed(place: Place, s3: S3Server) -> None:
    """Write the sources of the units, and a counter at zero."""
    for key in (*(f"in/{unit}" for unit in UNITS), "counter"):
        s3.client.put_object(Bucket=place.buckets[BUCKET], Key=key, Body=b"0")


def world_of(step: Step) -> World:
    """Return the small world of a job that does the same with every unit."""

    def entrypoint(argv: list[str], store: ObjectStore) -> int:
        for unit in UNITS:
            step(store, argv[0], unit)
        return 0

    def services(clients: Clients) -> ObjectStore:
        return clients.store

    return World(
        entrypoint=entrypoint,
        arguments=lambda place: [place.buckets[BUCKET]],
        services=services,
        changed=(BUCKET,),
        seed=seed,
    )


EFFECT_FIRST = world_of(effect_first)
RECORD_FIRST = world_of(record_first)
RANDOM_NAME = world_of(random_name)
TIDY_UP = world_of(tidy_up)
CORRECT = world_of(correct)
