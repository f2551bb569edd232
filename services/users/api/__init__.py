"""The routes of users.internal: one file for each noun."""
