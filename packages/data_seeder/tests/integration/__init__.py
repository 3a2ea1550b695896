"""Tests of data_seeder over real sockets."""
