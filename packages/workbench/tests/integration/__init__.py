"""Tests that build and install."""
