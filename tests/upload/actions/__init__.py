"""Tests of services.upload.actions."""
