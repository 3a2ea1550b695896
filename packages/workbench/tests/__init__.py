"""Tests of workbench."""
