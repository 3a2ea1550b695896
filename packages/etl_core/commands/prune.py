"""Remove the state of old runs, but never what a quarantine or a later run needs.

Examples::

    data-pipeline prune --keep 90d --dry-run --destination-bucket acme-silver
    data-pipeline prune --keep 90d --job get_s3_files --json
"""

from datetime import timedelta

from etl_core.commands._operation import open_archive, verb_parser, write
from etl_core.errors import ExitCode
from etl_core.readers import duration, word
from etl_core.registry import Program
from etl_core.runs.archive import now
from etl_core.runs.pruning import Pruner
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Remove runs and write which, and why the others are kept."""
    parser = verb_parser(program, "prune --keep <time>", __doc__)
    parser.add_argument(
        "--keep",
        type=duration,
        required=True,
        metavar="TIME",
        help="how long a run is kept after its end, as in 90d",
    )
    parser.add_argument("--job", type=word, help="only the runs of this job")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print what would be removed and change nothing",
    )
    found = parser.parse_args(argv)
    archive = open_archive(found, store)
    before = now() - timedelta(seconds=found.keep)
    pruner = Pruner(archive, before.isoformat(timespec="milliseconds"), found.dry_run)
    write(pruner.prune(found.job), found.json)
    return ExitCode.OK
