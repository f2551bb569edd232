"""Tests of services.upload.api."""
