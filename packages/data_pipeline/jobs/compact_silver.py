"""Keep the files of a silver table large, and remove those it no longer has.

Examples::

    data-pipeline run compact_silver -- --destination s3://silver/orders/ --dry-run
    data-pipeline run compact_silver -- --destination s3://silver/orders/
"""

from datetime import timedelta

from data_pipeline.config.bronze_to_silver import DELTA, MEMORY_LIMIT, TABLE_FORMATS
from data_pipeline.config.compact_silver import (
    CompactSilverConfig,
    RETENTION,
    TARGET_BYTES,
)
from data_pipeline.services import ServiceHandler
from etl_core import output
from etl_core.errors import ExitCode
from etl_core.options import (
    add_option,
    add_run_options,
    job_parser,
    JobParser,
    RunOptions,
)
from etl_core.readers import byte_size, duration, memory_limit, s3_prefix


def parser() -> JobParser:
    """Return the parser of the job."""
    made = job_parser("data-pipeline run compact_silver --", __doc__)
    add_option(
        made,
        "--destination",
        env="ETL_DESTINATION",
        help="where the silver table is",
        type=s3_prefix,
        required=True,
        metavar="URI",
    )
    add_option(
        made,
        "--table-format",
        env="ETL_TABLE_FORMAT",
        help=f"delta, or parquet for files with a manifest (default: {DELTA})",
        choices=TABLE_FORMATS,
        default=DELTA,
    )
    add_option(
        made,
        "--target-size",
        env="ETL_TARGET_SIZE",
        help="how large files become (default: 128MiB)",
        type=byte_size,
        default=TARGET_BYTES,
        metavar="SIZE",
    )
    add_option(
        made,
        "--retention",
        env="ETL_RETENTION",
        help="for how long files stay that the table no longer has (default: 7d)",
        type=duration,
        default=RETENTION.total_seconds(),
        metavar="TIME",
    )
    add_option(
        made,
        "--memory-limit",
        env="ETL_MEMORY_LIMIT",
        help="memory of the engine, as in 2GB or 60%; the rest goes to the disk "
        f"(default: {MEMORY_LIMIT})",
        type=memory_limit,
        default=MEMORY_LIMIT,
        metavar="SIZE",
    )
    add_run_options(made, units=False)
    return made


def entrypoint(argv: list[str], services: ServiceHandler | None = None) -> int:
    """Run the job, print what it did and return the exit code."""
    found = parser().parse_args(argv)
    config = CompactSilverConfig(
        destination=found.destination,
        table_format=found.table_format,
        target_bytes=found.target_size,
        retention=timedelta(seconds=found.retention),
        memory_limit=found.memory_limit,
        options=RunOptions.from_namespace(found),
    )
    result = (services or ServiceHandler()).compact_silver(config)
    output.write_result(result, config.options.output)
    return ExitCode.OK


JOB = (entrypoint, "Keep the files of a silver table large, and remove old ones")
