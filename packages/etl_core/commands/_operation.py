"""What the verbs that operate on runs share: where the state is, and the output."""

import argparse
from collections.abc import Mapping

from etl_core import output
from etl_core.errors import ConfigError
from etl_core.options import add_option, job_parser, JobParser
from etl_core.readers import s3_prefix
from etl_core.registry import Program
from etl_core.runs.archive import Archive
from etl_core.runs.state import STATE_FOLDER
from etl_core.s3.engines import open_store
from etl_core.s3.store import ObjectRef, ObjectStore


def verb_parser(program: Program, verb: str, docstring: str | None) -> JobParser:
    """Return the parser of a verb, with the options that all of them have.

    :param verb: its name and positional arguments, as in ``show <run>``.
    :param docstring: of the module of the verb.
    """
    parser = job_parser(f"{program.name} {verb.partition(' ')[0]}", docstring)
    parser.usage = f"{program.name} {verb} [options]"
    add_option(
        parser,
        "--state",
        env="ETL_STATE",
        help="where runs are recorded (default: _etl/ in the destination bucket)",
        type=s3_prefix,
        metavar="URI",
    )
    add_option(
        parser,
        "--destination-bucket",
        env="ETL_DESTINATION_BUCKET",
        help="the bucket that the objects of the runs are in",
        metavar="NAME",
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    return parser


def open_archive(
    found: argparse.Namespace, store: ObjectStore | None, bucket: str | None = None
) -> Archive:
    """Return the runs that the options name.

    :param found: what the parser of the verb found.
    :param store: the real one by default.
    :param bucket: of the objects, when the arguments of the verb say it.
    :raises ConfigError: when nothing says where the runs are recorded.
    """
    bucket = bucket or found.destination_bucket
    if not found.state and not bucket:
        raise ConfigError(
            "it is not known where the runs are recorded; give --state s3://bucket/"
            "prefix or --destination-bucket (or set ETL_STATE or "
            "ETL_DESTINATION_BUCKET)"
        )
    state = found.state or ObjectRef(bucket, STATE_FOLDER)
    return Archive(store or open_store(), state)


def write(result: Mapping[str, object], as_json: bool) -> None:
    """Write a result for programs or for people."""
    output.write_result(result, "json" if as_json else "table")
