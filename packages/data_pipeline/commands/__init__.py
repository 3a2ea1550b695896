"""Verbs of data-pipeline alone, one file each, beside those of every program."""
