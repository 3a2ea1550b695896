"""Compare the destination with the ledger of a run: missing, changed, extra objects.

Examples::

    data-pipeline verify 20261121T134500 --destination-bucket acme-silver
    data-pipeline verify 20261121T134500-1f2e3d4c --limit 100 --json
"""

from etl_core.commands._operation import open_archive, verb_parser, write
from etl_core.errors import ExitCode
from etl_core.readers import whole_number
from etl_core.registry import Program
from etl_core.runs.spool import local_folder
from etl_core.runs.verification import Verification
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Write what differs; the exit code is 0 when nothing does and 65 otherwise."""
    parser = verb_parser(program, "verify <run>", __doc__)
    parser.add_argument("run", help="its id, or the beginning of it")
    parser.add_argument(
        "--limit",
        type=whole_number(0, 10_000),
        default=10,
        metavar="N",
        help="name so many objects of each kind (default: 10)",
    )
    found = parser.parse_args(argv)
    archive = open_archive(found, store)
    verification = Verification(archive, archive.find(found.run), found.limit)
    with local_folder() as folder:
        write(verification.compare(folder), found.json)
    return ExitCode.OK if verification.agrees else ExitCode.DATA
