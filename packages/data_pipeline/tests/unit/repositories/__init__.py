"""Unit tests of data_pipeline.repositories."""
