"""Tests of services.upload.store."""
