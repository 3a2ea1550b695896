"""Tests of etl_database_schema."""
