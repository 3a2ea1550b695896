"""Tests of data_pipeline that measure."""
