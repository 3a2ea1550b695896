"""Our copier without a job around it: ``bare.py copy|through CONCURRENCY OBJECTS``.

Objects in/1, in/2, ... of the bucket src become out/1, out/2, ... of the bucket dst, by
the steps that a job's effect takes, or by get and put through this process.
"""

from io import BytesIO
import sys

from etl_core.s3.copies import Copier
from etl_core.s3.engines import open_store
from etl_core.s3.steps import ask
from etl_core.s3.store import CopyResult, ObjectRef, Steps
from etl_core.stop import StopSignal

BYTES = 4096


def copied(number: int) -> Steps[CopyResult]:
    """Copy one object inside the store."""
    source, destination = places(number)
    return Copier().copy(source, destination, BYTES)


def passed_through(number: int) -> Steps[str]:
    """Read one object and write it again."""
    source, destination = places(number)
    body = BytesIO()
    yield from ask(lambda store: store.get(source, body))
    return (yield from ask(lambda store: store.put(destination, body)))


def places(number: int) -> tuple[ObjectRef, ObjectRef]:
    """Return where an object is, and where it goes."""
    return ObjectRef("src", f"in/{number}"), ObjectRef("dst", f"out/{number}")


def main(task: str, concurrency: int, objects: int) -> int:
    """Do the task for all objects."""
    store = open_store(concurrency=concurrency)
    numbers = range(1, objects + 1)
    stop = StopSignal()
    if task == "copy":
        done = sum(
            1 for _ in store.run_steps(copied, numbers, workers=concurrency, stop=stop)
        )
    else:
        steps = passed_through
        done = sum(
            1 for _ in store.run_steps(steps, numbers, workers=concurrency, stop=stop)
        )
    return int(done != objects)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
