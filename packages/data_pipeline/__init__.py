"""Batch jobs that move and transform application data on S3."""
