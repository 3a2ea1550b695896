"""Unit tests of data_pipeline.config."""
