"""Tests of services.upload.decoder."""
