"""Unit tests of data_pipeline.processors."""
