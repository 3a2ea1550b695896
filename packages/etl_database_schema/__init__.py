"""Django models and migrations of the application database, as a library."""
