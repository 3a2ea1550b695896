"""Unit tests of data_pipeline.jobs."""
