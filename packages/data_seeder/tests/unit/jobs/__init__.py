"""Tests of the jobs on fakes."""
