"""Contracts: what a dataset has to be.

:func:`~data_pipeline.contracts.reading.read_contract` reads one, and
:func:`~data_pipeline.repositories.bronze.statement.compile_contract` makes SQL of it.
"""
