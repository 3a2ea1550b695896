"""Tests of the package; models can be imported once Django is set up."""

from etl_database_schema.bootstrap import bootstrap

bootstrap()
