"""Replays: runs of the units that another run quarantined."""

import re
from typing import Any

from etl_core.options import RunOptions

_QUARANTINE = re.compile(r"/run=([^/]+)/attempt=[0-9]+/quarantine\.ndjson\.gz(?:#|$)")


def parent_of(units: str | None) -> str | None:
    """Return the run whose quarantine ``--units`` names, if it does."""
    found = _QUARANTINE.search(units or "")
    return found[1] if found else None


def origin_of(options: RunOptions) -> dict[str, Any]:
    """Return what the record of a run says of its start, so that it can be replayed."""
    return {
        "argv": list(options.argv),
        "narrowed_by": list(options.narrowed_by),
        "parent": parent_of(options.units),
        "shard": str(options.shard) if options.shard else None,
    }
