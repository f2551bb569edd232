"""Renders the files that other programs read from the plan."""
