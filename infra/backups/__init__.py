"""Backups of databases, photos and keys, and their restore."""
