"""Tests of calls between services: real sockets, real TLS."""
