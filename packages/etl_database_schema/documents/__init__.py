"""Django app: documents of users and their attachment files."""
