"""Copies the attachment files of one agency and accounts for every row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timezone
from functools import partial
import hashlib
import re
from typing import Any

from data_pipeline import __version__
from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.repositories.attachments import (
    AttachmentFile,
    AttachmentRepository,
    AttachmentSelection,
    AttachmentSnapshot,
)
from data_pipeline.s3.keys import agency_prefix, attachment_key
from etl_core.errors import ConfigError
from etl_core.processors.copies import CopyEffect
from etl_core.processors.manifest import CsvManifest
from etl_core.runs.run import RunSpec
from etl_core.runs.runner import JobParts, Runner
from etl_core.runs.selection import read_unit_keys
from etl_core.runs.units import Unit
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectRef, ObjectStore

JOB_NAME = "get_s3_files"
STORED = "stored"
OTHER_BUCKET = "other_bucket"
MANIFEST_ATTRIBUTES = (
    "agency_id",
    "user_id",
    "document_id",
    "attachment_id",
    "file_name",
    "content_type",
)
UNIT_KEY = re.compile(r"attachment_id=([1-9][0-9]{0,18})")


class GetS3Files:
    """The processor of the job.

    :param config: of this start.
    :param attachments: where the rows are read.
    :param store: where both buckets are.
    :param runner: makes the run.
    :param copier: makes the copies.
    """

    def __init__(
        self,
        config: GetS3FilesConfig,
        attachments: AttachmentRepository,
        store: ObjectStore,
        runner: Runner,
        copier: Copier | None = None,
    ) -> None:
        """Keep the parts."""
        self._config = config
        self._attachments = attachments
        self._store = store
        self._runner = runner
        self._copier = copier

    def run(self) -> dict[str, Any]:
        """Copy what is not copied yet and return the totals of the run."""
        config = self._config
        self._store.probe(config.source_bucket)
        self._store.probe(config.destination_bucket)
        spec = RunSpec(
            job=JOB_NAME,
            version=__version__,
            bucket=config.destination_bucket,
            prefix=agency_prefix(config.prefix, config.agency_id),
            scope=config.scope(),
            arguments=config.arguments(),
            partial=config.partial,
        )
        parts = JobParts(
            source=AttachmentUnits(config, self._attachments, self._ids()),
            effect=CopyEffect(self._store, self._copier),
            manifest=partial(CsvManifest, attributes=MANIFEST_ATTRIBUTES),
            check_source=config.check_source,
        )
        return self._runner.run(spec, parts)

    def _ids(self) -> list[int] | None:
        """Return the attachments that were asked for by ``--units``.

        :raises ConfigError: when a key is not of this job.
        """
        if self._config.options.units is None:
            return None
        return [
            attachment_id_of(key)
            for key in read_unit_keys(self._store, self._config.options.units)
        ]


class AttachmentUnits:
    """The rows of an agency as units.

    :param config: of this start.
    :param attachments: where the rows are read.
    :param ids: only these attachments; ``None`` for all.
    """

    def __init__(
        self,
        config: GetS3FilesConfig,
        attachments: AttachmentRepository,
        ids: Sequence[int] | None,
    ) -> None:
        """Choose the rows."""
        self._config = config
        self._attachments = attachments
        self._selection = AttachmentSelection(
            config.agency_id,
            config.start,
            config.options.end,
            ids,
            config.options.shard,
            config.options.limit,
        )

    @contextmanager
    def snapshot(self) -> Iterator["AttachmentUnitsSnapshot"]:
        """Open a view in which count and units agree.

        :raises ConfigError: when there is no such agency.
        """
        with self._attachments.snapshot() as rows:
            if not rows.has_agency(self._config.agency_id):
                raise ConfigError(
                    f"--agency-id {self._config.agency_id}: there is no such agency in "
                    "the database; check the id and the DATABASE_* variables"
                )
            yield AttachmentUnitsSnapshot(self._config, rows, self._selection)


class AttachmentUnitsSnapshot:
    """The units of one moment.

    :param config: of this start.
    :param rows: the rows of that moment.
    :param selection: which of them are units.
    """

    def __init__(
        self,
        config: GetS3FilesConfig,
        rows: AttachmentSnapshot,
        selection: AttachmentSelection,
    ) -> None:
        """Keep the parts."""
        self._config = config
        self._rows = rows
        self._selection = selection

    def count(self) -> int:
        """Count the units without reading them."""
        return self._rows.count_attachment_files(self._selection)

    def units(self) -> Iterator[Unit]:
        """Yield the units in the order of their destination keys."""
        for file in self._rows.get_attachment_files_for_s3_processing(self._selection):
            yield unit_of(file, self._config)


def unit_of(file: AttachmentFile, config: GetS3FilesConfig) -> Unit:
    """Return what a row asks for."""
    return Unit(
        key=f"attachment_id={file.attachment_id}",
        source=ObjectRef(file.bucket, file.object_key),
        destination=attachment_key(config.prefix, file),
        fingerprint=fingerprint(file),
        size=file.size_bytes,
        skip=skip_reason(file, config.source_bucket),
        attributes={name: getattr(file, name) for name in MANIFEST_ATTRIBUTES},
    )


def skip_reason(file: AttachmentFile, source_bucket: str) -> str | None:
    """Return why a row is not copied: its status, or that it is elsewhere."""
    if file.status != STORED:
        return file.status
    return OTHER_BUCKET if file.bucket != source_bucket else None


def fingerprint(file: AttachmentFile) -> str:
    """Return sixteen hexadecimal digits that change with the content of a row.

    The time counts in UTC, because the zone it comes in is the session's.
    """
    facts = (
        file.bucket,
        file.object_key,
        file.size_bytes,
        file.checksum_sha256,
        file.updated_at.astimezone(timezone.utc).isoformat(),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def attachment_id_of(unit_key: str) -> int:
    """Return the attachment that a unit key names.

    :raises ConfigError: when it names none.
    """
    found = UNIT_KEY.fullmatch(unit_key)
    if found is None:
        raise ConfigError(
            f"--units: {unit_key!r} is no unit of {JOB_NAME}; a unit key looks like "
            "attachment_id=789"
        )
    return int(found[1])
