"""Console scripts of the module."""
