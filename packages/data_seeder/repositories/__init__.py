"""All that is said to the database, through the models."""
