"""The destination keys of this module."""
