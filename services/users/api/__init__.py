"""The routes of users.internal, a file by noun."""
