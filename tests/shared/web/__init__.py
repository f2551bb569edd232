"""Tests of the web side: real sockets, real TLS."""
