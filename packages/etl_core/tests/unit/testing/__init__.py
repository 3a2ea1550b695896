"""Unit tests of the fakes and hooks that ship with the library."""
