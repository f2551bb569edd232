"""The HTTP side of a process: application, server, limiter and the other middleware."""
