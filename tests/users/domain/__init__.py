"""The rules of users, without anything running."""
