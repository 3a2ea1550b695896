"""Process the quarantined units of a run again: replay <run> [-- job options].

Examples::

    data-pipeline replay 20261121T134500 --dry-run --destination-bucket acme-silver
    data-pipeline replay 20261121T134500 --reason source_missing -- --concurrency 8
"""

from etl_core import dispatch
from etl_core.commands._operation import open_archive, verb_parser
from etl_core.readers import word
from etl_core.registry import Program
from etl_core.runs.replay import replay_argv
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Start the job of a run for its quarantined units; the exit code is the job's."""
    parser = verb_parser(program, "replay <run> [-- job options]", __doc__)
    parser.add_argument("run", help="its id, or the beginning of it")
    parser.add_argument("--reason", type=word, help="only units with this reason")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print what would be done and change nothing",
    )
    end = argv.index("--") if "--" in argv else len(argv)
    found = parser.parse_args(argv[:end])
    archive = open_archive(found, store)
    run = archive.find(found.run)
    arguments = [
        *replay_argv(run, found.reason),
        f"--state={archive.state.url}",
        *(["--dry-run"] if found.dry_run else []),
        *(["--output=json"] if found.json else []),
        *argv[end + 1 :],
    ]
    return dispatch.run_job(program.jobs_package, run.job, arguments)
