"""Tests of a process that answers: real sockets, real TLS."""
