"""Silver tables: what lies in them, how they are committed, and batches of changes."""
