"""What the rules know about this repository and its packages."""

CORE = "etl_core"
SCHEMA = "etl_database_schema"
WORKBENCH = "workbench"

ROOT_FOLDERS = frozenset({"docker", "docs", "infra", "packages"})
ROOT_FILES = frozenset({"LICENSE", "Makefile", "README.md", "agents.md"})

PROJECT_FILES = (
    "pyproject.toml",
    "poetry.lock",
    "README.md",
    "CHANGELOG.md",
    "__init__.py",
    "py.typed",
)

EXTRAS = {
    "data_pipeline.bronze.zstd": "silver",
    "data_pipeline.repositories.bronze.parquet": "silver",
    "etl_core.postgres": "db",
    "etl_core.testing": "testing",
    "data_pipeline.repositories.duck": "silver",
    "data_pipeline.repositories.silver": "silver",
    "data_pipeline.silver": "silver",
}
"""The extra that a module, and all below it, needs to be imported."""

COMPANIONS = {"botocore": "boto3"}
"""A distribution that is released with another, which declares it for both."""

CORE_LAYERS = {
    "commands": 5,
    "dispatch": 4,
    "runs": 3,
    "s3": 2,
    "database": 2,
    "config": 1,
    "errors": 1,
    "logs": 1,
}
JOB_LAYERS = {"cli": 4, "jobs": 3, "processors": 2, "repositories": 1}
"""Rooms by height; one may import only what lies lower, also through a third."""

FLOOR = 1
"""The rooms of this height may import one another."""

ENVIRONMENT_READERS = frozenset(
    {"packages/etl_core/config.py", "packages/etl_database_schema/bootstrap.py"}
)
"""The files that may use ``os.environ``, beside tests and ``infra/local``.

The bootstrap helper sets ``DJANGO_SETTINGS_MODULE``, which Django reads there.
"""

CLIENT_MAKERS = "packages/etl_core/s3/client.py"
"""The one file that imports boto3."""


def extra_of(module: str) -> str | None:
    """Return the extra that a module needs, or ``None``."""
    for prefix, extra in EXTRAS.items():
        if module == prefix or module.startswith(f"{prefix}."):
            return extra
    return None
