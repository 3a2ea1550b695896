"""Migrations of the agencies app."""
