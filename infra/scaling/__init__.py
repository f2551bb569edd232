"""Adds and removes processes of a running suite, within what the machine bears."""
