"""Tests of services.upload.domain."""
