"""Processors that any job module can use."""
