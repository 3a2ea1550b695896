"""Django app: the agencies that own everything else."""
