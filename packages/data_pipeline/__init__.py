"""Batch jobs that move and transform application data on S3."""

__version__ = "0.1.0"
