"""Tests of data_pipeline in its image, in a real container engine."""
