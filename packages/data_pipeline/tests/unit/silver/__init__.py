"""Unit tests of :mod:`data_pipeline.silver`."""
