"""Tests of etl_core."""
