"""Fill a database, and a bucket, with realistic data that a seed decides.

Examples::

    data-seeder run seed -- --agencies 3 --users 60 --documents 600 --dry-run
    data-seeder run seed -- --documents 100000 --seed 7 --source-bucket acme-uploads
"""

from data_seeder.config.seed import SeederConfig
from data_seeder.services import ServiceHandler
from etl_core import output
from etl_core.options import (
    add_option,
    add_run_options,
    job_parser,
    JobParser,
    RunOptions,
)
from etl_core.readers import whole_number
from etl_core.runs.runner import exit_code
from etl_database_schema.bootstrap import bootstrap

SETTINGS = "data_seeder.settings"
ATTACHMENTS_OF_A_DOCUMENT = 3
COUNTS = (
    ("--agencies", "ETL_SEED_AGENCIES", "agencies (default: 50)", 50),
    ("--users", "ETL_SEED_USERS", "users of all agencies (default: 2000)", 2000),
    (
        "--documents",
        "ETL_SEED_DOCUMENTS",
        "documents of all users (default: 100000)",
        100_000,
    ),
    (
        "--attachments",
        "ETL_SEED_ATTACHMENTS",
        "attachments of all documents (default: three times the documents)",
        None,
    ),
)


def parser() -> JobParser:
    """Return the parser of the job."""
    made = job_parser("data-seeder run seed --", __doc__)
    for flag, variable, text, default in COUNTS:
        add_option(
            made,
            flag,
            env=variable,
            help=text,
            type=whole_number(1, 1_000_000_000),
            default=default,
            metavar="N",
        )
    add_option(
        made,
        "--seed",
        env="ETL_SEED",
        help="decides every row and every byte (default: 7)",
        type=whole_number(0),
        default=7,
        metavar="N",
    )
    add_option(
        made,
        "--clean",
        env="ETL_SEED_CLEAN",
        help="without the odd rows of real data: deleted, pending, of another bucket, "
        "without their object, with hostile names",
        action="store_true",
    )
    add_option(
        made,
        "--source-bucket",
        env="ETL_SOURCE_BUCKET",
        help="bucket that the rows name and the objects are written to",
        metavar="NAME",
    )
    add_option(
        made,
        "--rows-only",
        env="ETL_SEED_ROWS_ONLY",
        help="write no objects, though a bucket is named",
        action="store_true",
    )
    add_run_options(made)
    return made


def entrypoint(argv: list[str], services: ServiceHandler | None = None) -> int:
    """Run the job, print its totals and return the exit code."""
    found = parser().parse_args(argv)
    config = SeederConfig(
        agencies=found.agencies,
        users=found.users,
        documents=found.documents,
        attachments=found.attachments or ATTACHMENTS_OF_A_DOCUMENT * found.documents,
        seed=found.seed,
        clean=found.clean,
        source_bucket=found.source_bucket,
        rows_only=found.rows_only,
        options=RunOptions.from_namespace(found),
    )
    # Before anything touches a model, and while there is one thread.
    bootstrap(SETTINGS)
    result = (services or ServiceHandler()).seed(config)
    output.write_result(result, config.options.output)
    return exit_code({"reasons": {}, **result}, config.options.accept)


JOB = (entrypoint, "Fill a database and a bucket with realistic data")
