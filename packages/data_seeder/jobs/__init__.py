"""The jobs, found by their file names."""
