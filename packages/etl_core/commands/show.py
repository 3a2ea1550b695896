"""Show one run: what it did, its slowest and largest units, where everything lies.

Examples::

    data-pipeline show 20261121T134500 --destination-bucket acme-silver
    data-pipeline show 20261121T134500-1f2e3d4c --state s3://acme-runs/etl --json
"""

from etl_core.commands._operation import open_archive, verb_parser, write
from etl_core.errors import ExitCode
from etl_core.registry import Program
from etl_core.runs.spool import local_folder
from etl_core.runs.summary import summarize
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Write what is recorded of a run."""
    parser = verb_parser(program, "show <run>", __doc__)
    parser.add_argument("run", help="its id, or the beginning of it")
    found = parser.parse_args(argv)
    archive = open_archive(found, store)
    run = archive.find(found.run)
    with local_folder() as folder:
        write(summarize(archive, run, program.name, folder), found.json)
    return ExitCode.OK
