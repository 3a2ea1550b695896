"""The rules of this repository, each a check that names its mend."""
