"""Unit tests of the building blocks."""
