"""All SQL of this module, behind methods that are named after questions."""
