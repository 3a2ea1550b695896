"""Copy the attachment files of one agency to another bucket, with a manifest.

Examples::

    data-pipeline run get_s3_files -- --agency-id 10 --dry-run
    data-pipeline run get_s3_files -- --agency-id 10 --since 7d --concurrency 64
"""

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.services import ServiceHandler
from etl_core import output
from etl_core.options import (
    add_option,
    add_run_options,
    job_parser,
    JobParser,
    RunOptions,
)
from etl_core.readers import time_or_age, whole_number
from etl_core.runs.runner import exit_code


def parser() -> JobParser:
    """Return the parser of the job."""
    made = job_parser("data-pipeline run get_s3_files --", __doc__)
    add_option(
        made,
        "--agency-id",
        env="ETL_AGENCY_ID",
        help="the agency whose attachments are copied",
        type=whole_number(1),
        required=True,
        metavar="N",
    )
    add_option(
        made,
        "--source-bucket",
        env="ETL_SOURCE_BUCKET",
        help="bucket that holds the attachments",
        required=True,
        metavar="NAME",
    )
    add_option(
        made,
        "--destination-bucket",
        env="ETL_DESTINATION_BUCKET",
        help="bucket that the copies go to",
        required=True,
        metavar="NAME",
    )
    add_option(
        made,
        "--prefix",
        env="ETL_PREFIX",
        help="goes in front of the destination keys",
        default="",
        metavar="PREFIX",
    )
    add_option(
        made,
        "--since",
        env="ETL_SINCE",
        help="only rows changed since a time, as in 2026-11-21, or for 7d",
        type=time_or_age,
        narrows=True,
        metavar="TIME",
    )
    add_option(
        made,
        "--check-source",
        env="ETL_CHECK_SOURCE",
        help="list the sources too, to find objects replaced without their row",
        action="store_true",
    )
    add_run_options(made)
    return made


def entrypoint(argv: list[str], services: ServiceHandler | None = None) -> int:
    """Run the job, print its totals and return the exit code."""
    found = parser().parse_args(argv)
    config = GetS3FilesConfig(
        agency_id=found.agency_id,
        source_bucket=found.source_bucket,
        destination_bucket=found.destination_bucket,
        prefix=found.prefix.strip("/"),
        since=found.since,
        check_source=found.check_source,
        options=RunOptions.from_namespace(found),
    )
    result = (services or ServiceHandler()).get_s3_files(config)
    output.write_result(result, config.options.output)
    return exit_code(result, config.options.accept)


JOB = (entrypoint, "Copy the attachment files of one agency, with a manifest")
