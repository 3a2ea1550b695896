"""The manifest: one CSV row for every unit of a run."""

from collections.abc import Sequence
import csv
from pathlib import Path

from etl_core.runs.units import Line, Unit

COLUMNS = (
    "unit",
    "outcome",
    "reason",
    "source_bucket",
    "source_key",
    "source_version",
    "destination_bucket",
    "destination_key",
    "etag",
    "size",
    "attempt",
    "at",
)


class CsvManifest:
    """Writes a manifest as RFC 4180 has it, in UTF-8.

    :param path: the local file.
    :param attributes: further columns, taken from :attr:`Unit.attributes`.
    """

    def __init__(self, path: Path, attributes: Sequence[str] = ()) -> None:
        """Open the file and write the header."""
        self._attributes = attributes
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow((*COLUMNS, *attributes))

    def write(self, unit: Unit, line: Line) -> None:
        """Write the row of a unit."""
        found = unit.attributes or {}
        self._rows.writerow(
            (
                line.unit,
                line.outcome,
                line.reason,
                line.source.bucket,
                line.source.key,
                line.source.version,
                line.destination.bucket,
                line.destination.key,
                line.destination.etag,
                line.destination.size,
                line.attempt,
                line.at,
                *(found.get(name) for name in self._attributes),
            )
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
