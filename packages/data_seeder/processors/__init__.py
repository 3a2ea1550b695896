"""What is done to the tables and the bucket."""
