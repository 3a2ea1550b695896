"""The small worlds in which the jobs of this module are killed."""
