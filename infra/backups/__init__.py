"""Backups: what is taken, where it is kept, and how it comes back."""
