"""List the runs, the newest first: when, how they ended, totals.

Examples::

    data-pipeline runs --destination-bucket acme-silver
    data-pipeline runs --job get_s3_files --limit 5 --json
"""

from typing import Any

from etl_core.commands._operation import open_archive, verb_parser, write
from etl_core.errors import ExitCode
from etl_core.readers import whole_number, word
from etl_core.registry import Program
from etl_core.runs.archive import Archive, StoredRun
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Write one row for each run."""
    parser = verb_parser(program, "runs", __doc__)
    parser.add_argument("--job", type=word, help="only the runs of this job")
    parser.add_argument(
        "--limit",
        type=whole_number(1, 10_000),
        default=20,
        metavar="N",
        help="at most so many (default: 20)",
    )
    found = parser.parse_args(argv)
    archive = open_archive(found, store)
    rows = [_row(archive, run) for run in archive.newest(found.job, found.limit)]
    write({"state": archive.state.url, "runs": rows}, found.json)
    return ExitCode.OK


def _row(archive: Archive, run: StoredRun) -> dict[str, Any]:
    """Return one run as it is listed; only an open one has a lease to ask for."""
    return {
        "run_id": run.run_id,
        "job": run.job,
        "started": run.started,
        "ended": run.ended,
        "status": run.status,
        "lease": archive.holder(run)[0],
        "attempts": len(run.content["attempts"]),
        "shard": run.shard,
        "parent": run.parent,
        "totals": run.totals,
    }
