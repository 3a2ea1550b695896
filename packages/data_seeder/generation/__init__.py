"""Rows and bytes as pure functions of a seed and an id."""
