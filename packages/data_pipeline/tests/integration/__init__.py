"""Tests of data_pipeline over real sockets."""
