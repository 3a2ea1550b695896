"""The effect of copying: the destination becomes what the source is now."""

from collections.abc import Iterator, Mapping
from functools import partial

from etl_core.errors import AccessRefused, DataError, TransientError
from etl_core.runs.decisions import Task
from etl_core.runs.effects import Made, Verdicts
from etl_core.runs.units import Line, Reason, Source, Unit
from etl_core.s3.copies import Copier
from etl_core.s3.steps import ask
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore, Steps
from etl_core.stop import StopSignal


class CopyEffect:
    """Copies the source of a unit inside the store.

    :param store: where both buckets are; how much is under way at once is up to it.
    :param copier: makes the copies.
    """

    def __init__(self, store: ObjectStore, copier: Copier | None = None) -> None:
        """Keep the parts."""
        self._store = store
        self._copier = copier or Copier()

    def perform(
        self, tasks: Iterator[Task], verdicts: Verdicts, workers: int, stop: StopSignal
    ) -> Iterator[Line]:
        """Yield one line for every task."""
        work = partial(self._perform_one, verdicts)
        return self._store.run_steps(work, tasks, workers=workers, stop=stop)

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return what a unit will probably take; a recognised one needs no copy."""
        return {"HeadObject": 1} if in_place else self._copier.requests(unit.size)

    def make(self, unit: Unit, destination: ObjectRef) -> Steps[Made]:
        """Copy the current source; a late repetition copies the current one too."""
        copied = yield from self._copier.copy(unit.source, destination, unit.size)
        bucket, key = unit.source
        source = Source(bucket, key, None, copied.source_version, unit.size)
        return Made(copied.etag, source)

    def recognise(self, unit: Unit, in_place: ListedObject) -> Steps[Made | None]:
        """Return what lies in place when it has the ETag and size of the source."""
        head = yield from ask(lambda store: store.head(unit.source))
        if (head.etag, head.size) != (in_place.etag, in_place.size):
            return None
        source = Source(*unit.source, head.etag, head.version, head.size)
        return Made(in_place.etag, source, in_place.size, Reason.RECOVERED.value)

    def _perform_one(self, verdicts: Verdicts, task: Task) -> Steps[Line]:
        """Copy what one task is about, or find that it is copied."""
        began = verdicts.now()
        try:
            found = None
            if task.in_place:
                found = yield from self.recognise(task.unit, task.in_place)
            if found is None:
                place = ObjectRef(verdicts.bucket, task.unit.destination)
                found = yield from self.make(task.unit, place)
            return verdicts.done(task, found, began)
        except (AccessRefused, DataError, TransientError) as error:
            return verdicts.failed(task, error, began)
