"""Tests of the routes of users, in this process."""
