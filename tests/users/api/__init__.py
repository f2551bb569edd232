"""The routes of users, in this process."""
