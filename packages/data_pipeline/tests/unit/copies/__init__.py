"""Tests of how the bench computes and tells its figures."""
