"""Tests of data_seeder that measure."""
