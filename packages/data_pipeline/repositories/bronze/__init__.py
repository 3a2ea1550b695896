"""The SQL that reads bronze files as their contract says; it runs nothing."""
