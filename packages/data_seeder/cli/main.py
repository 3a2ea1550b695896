"""The console script ``data-seeder``: every verb and every job."""

from etl_core import console


def main(argv: list[str] | None = None) -> int:
    """Do what the arguments say and return the exit code."""
    return console.main("data_seeder.jobs", "seed", argv)


if __name__ == "__main__":
    raise SystemExit(main())
