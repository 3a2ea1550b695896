"""The job runtime: runs, ledger, S3, PostgreSQL, logs and metrics for batch jobs."""
