"""Explain why an object is here, or why it is not: unit, source, run, job version.

Examples::

    data-pipeline explain s3://acme-silver/agency_id=10/user_id=1/scan.pdf
    data-pipeline explain s3://acme-silver/agency_id=10/user_id=1/scan.pdf --json
"""

from etl_core.commands._operation import open_archive, verb_parser, write
from etl_core.errors import ExitCode
from etl_core.readers import s3_object
from etl_core.registry import Program
from etl_core.runs.explanation import Explainer
from etl_core.runs.spool import local_folder
from etl_core.s3.store import ObjectStore


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Write what the ledgers say of an object."""
    parser = verb_parser(program, "explain <uri>", __doc__)
    parser.add_argument("uri", type=s3_object, help="the object: s3://bucket/key")
    found = parser.parse_args(argv)
    archive = open_archive(found, store, bucket=found.uri.bucket)
    with local_folder() as folder:
        explainer = Explainer(archive, program.name, folder)
        write(explainer.explain(found.uri), found.json)
    return ExitCode.OK
