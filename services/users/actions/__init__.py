"""What users does, a file by verb."""
