"""The console script ``data-pipeline-get-s3-files``: that job and nothing else."""

from etl_core import console


def main(argv: list[str] | None = None) -> int:
    """Run the job and return its exit code."""
    return console.run_script("data_pipeline.jobs", "get_s3_files", argv)


if __name__ == "__main__":
    raise SystemExit(main())
