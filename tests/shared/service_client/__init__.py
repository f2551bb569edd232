"""Tests of calls between services with real sockets and TLS."""
