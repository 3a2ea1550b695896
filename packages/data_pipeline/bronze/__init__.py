"""Bronze files: local copies of raw objects, made ready for one fast reader."""
