"""Traces: what a process notes of each request or job, and which of it is kept as spans."""
