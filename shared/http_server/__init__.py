"""A process that answers: its application, limiter and server, and what surrounds a request."""
