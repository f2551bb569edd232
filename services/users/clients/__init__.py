"""The only calls of users to another service."""
