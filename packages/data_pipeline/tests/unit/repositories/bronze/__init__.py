"""Unit tests of the room of this name."""
