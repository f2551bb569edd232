"""Installs what a new machine lacks, with only the standard library."""
