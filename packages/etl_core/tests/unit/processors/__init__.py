"""Unit tests of :mod:`etl_core.processors`."""
