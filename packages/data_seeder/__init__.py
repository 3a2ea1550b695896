"""A job that fills a database and a bucket with realistic data, decided by a seed."""

__version__ = "0.1.0"
