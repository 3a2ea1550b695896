"""Unit tests of :mod:`etl_core.s3`."""
