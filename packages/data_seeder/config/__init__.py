"""What each job is asked for, checked before anything is done."""
