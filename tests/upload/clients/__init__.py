"""Tests of services.upload.clients."""
