"""What a fresh machine lacks, installed with nothing but the standard library."""
