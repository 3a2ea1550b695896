"""Django app: the people of an agency."""
