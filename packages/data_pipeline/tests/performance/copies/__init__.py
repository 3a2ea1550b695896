"""The copies of the module beside those of other tools, in one run on one endpoint."""
