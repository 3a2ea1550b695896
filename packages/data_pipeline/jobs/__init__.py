"""The jobs: one module each, found by their file names."""
