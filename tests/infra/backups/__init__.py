"""Tests of infra.backups."""
