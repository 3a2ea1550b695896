"""Make bronze files rows of a silver table, as a contract says.

Examples::

    data-pipeline run bronze_to_silver -- --contract s3://contracts/orders.yaml
        --source s3://bronze/orders/ --destination s3://silver/orders/ --dry-run
    data-pipeline run bronze_to_silver -- --contract orders.yaml
        --source s3://bronze/orders/ --destination s3://silver/orders/ --since 2d
"""

from data_pipeline.config.bronze_to_silver import (
    BATCH_BYTES,
    BronzeToSilverConfig,
    DELTA,
    MEMORY_LIMIT,
    TABLE_FORMATS,
)
from data_pipeline.services import ServiceHandler
from etl_core import output
from etl_core.options import (
    add_option,
    add_run_options,
    job_parser,
    JobParser,
    RunOptions,
)
from etl_core.readers import byte_size, memory_limit, s3_prefix, time_or_age
from etl_core.runs.runner import exit_code


def parser() -> JobParser:
    """Return the parser of the job."""
    made = job_parser("data-pipeline run bronze_to_silver --", __doc__)
    add_option(
        made,
        "--contract",
        env="ETL_CONTRACT",
        help="the contract of the dataset, a file or an object on S3",
        required=True,
        metavar="URI",
    )
    add_option(
        made,
        "--source",
        env="ETL_SOURCE",
        help="where the bronze files are",
        type=s3_prefix,
        required=True,
        metavar="URI",
    )
    add_option(
        made,
        "--destination",
        env="ETL_DESTINATION",
        help="where the silver table is, or will be",
        type=s3_prefix,
        required=True,
        metavar="URI",
    )
    add_option(
        made,
        "--since",
        env="ETL_SINCE",
        help="only files written since a time, as in 2026-11-21, or for 7d",
        type=time_or_age,
        narrows=True,
        metavar="TIME",
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
        "--memory-limit",
        env="ETL_MEMORY_LIMIT",
        help="memory of the engine, as in 2GB or 60%; the rest goes to the disk "
        f"(default: {MEMORY_LIMIT})",
        type=memory_limit,
        default=MEMORY_LIMIT,
        metavar="SIZE",
    )
    add_option(
        made,
        "--batch-bytes",
        env="ETL_BATCH_BYTES",
        help="bronze bytes of one commit, which must fit on the disk (default: 64GiB)",
        type=byte_size,
        default=BATCH_BYTES,
        metavar="SIZE",
    )
    add_run_options(made)
    return made


def entrypoint(argv: list[str], services: ServiceHandler | None = None) -> int:
    """Run the job, print its totals and return the exit code."""
    found = parser().parse_args(argv)
    config = BronzeToSilverConfig(
        contract=found.contract,
        source=found.source,
        destination=found.destination,
        since=found.since,
        table_format=found.table_format,
        memory_limit=found.memory_limit,
        batch_bytes=found.batch_bytes,
        options=RunOptions.from_namespace(found),
    )
    result = (services or ServiceHandler()).bronze_to_silver(config)
    output.write_result(result, config.options.output)
    return exit_code(result, config.options.accept)


JOB = (entrypoint, "Make bronze files rows of a silver table, as a contract says")
