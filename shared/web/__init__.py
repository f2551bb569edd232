"""The web side of every service: its application, its server, its calls to other services."""
