"""Tests of the HTTP server with real sockets and TLS."""
