"""Tests of the rows and bytes."""
