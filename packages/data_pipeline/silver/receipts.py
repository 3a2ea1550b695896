"""Receipts: what became of the rows of each bronze object.

A receipt is the destination object of its unit. It says nothing of the run that wrote
it, so that the same bronze objects and the same contract leave the same receipts.
"""

from collections.abc import Mapping
import io
import json
from typing import Any, NamedTuple

from etl_core.errors import ReconciliationError
from etl_core.s3.store import ObjectRef, ObjectStore

RECEIPTS = "_receipts/"
QUARANTINE = "_quarantine/"


class Receipt(NamedTuple):
    """What became of the rows of one version of a bronze object.

    :param source: URL of the object.
    :param etag: of the version that was read.
    :param fingerprint: of the unit.
    :param contract: digest of the contract.
    :param rows: all rows of the object.
    :param silver: rows that are in the table since the commit.
    :param duplicates: rows that are not, because the table has a newer one of the key.
    :param quarantined: rows that broke the contract.
    :param elsewhere: rows that another shard keeps.
    :param reasons: how often which column broke the contract, and why.
    :param quarantine: key of the rows that broke the contract, below the table.
    """

    source: str
    etag: str | None
    fingerprint: str
    contract: str
    rows: int
    silver: int
    duplicates: int
    quarantined: int
    elsewhere: int
    reasons: Mapping[str, int]
    quarantine: str | None

    def check(self) -> None:
        """Return when every row is accounted for.

        :raises ReconciliationError: when some are missing or double.
        """
        parts = (self.silver, self.duplicates, self.quarantined, self.elsewhere)
        if min(parts) < 0 or sum(parts) != self.rows:
            raise ReconciliationError(
                f"{self.source} has {self.rows} rows, but {self.silver} silver, "
                f"{self.duplicates} duplicates, {self.quarantined} quarantined and "
                f"{self.elsewhere} elsewhere; nothing was committed"
            )

    def to_bytes(self) -> bytes:
        """Return the receipt as it is stored."""
        return json.dumps(self._asdict(), ensure_ascii=False, indent=1).encode() + b"\n"


def read_receipt(store: ObjectStore, ref: ObjectRef) -> Receipt:
    """Fetch a receipt."""
    sink = io.BytesIO()
    store.get(ref, sink)
    stored: dict[str, Any] = json.loads(sink.getvalue())
    return Receipt(**stored)
