"""The effect of copying: the destination becomes what the source is now."""

from collections.abc import Mapping

from etl_core.runs.effects import Made, UnitEffect
from etl_core.runs.units import Source, Unit
from etl_core.s3.copies import Copier
from etl_core.s3.store import ListedObject, ObjectRef


class CopyEffect(UnitEffect):
    """Copies the source of a unit inside the store.

    :param copier: makes the copies.
    """

    def __init__(self, copier: Copier) -> None:
        """Keep the copier."""
        self._copier = copier

    def make(self, unit: Unit, destination: ObjectRef) -> Made:
        """Copy the current source; a late repetition copies the current one too."""
        copied = self._copier.copy(unit.source, destination, unit.size)
        return Made(
            copied.etag, Source(*unit.source, None, copied.source_version, unit.size)
        )

    def recognise(self, unit: Unit, in_place: ListedObject) -> Made | None:
        """Return what lies in place when it has the ETag and size of the source."""
        head = self._copier.store.head(unit.source)
        if (head.etag, head.size) != (in_place.etag, in_place.size):
            return None
        source = Source(*unit.source, head.etag, head.version, head.size)
        return Made(in_place.etag, source, in_place.size)

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return what a unit will probably take; a recognised one needs no copy."""
        return {"HeadObject": 1} if in_place else self._copier.requests(unit.size)
