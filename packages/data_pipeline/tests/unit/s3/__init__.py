"""Unit tests of data_pipeline.s3."""
