"""Breaks a watched suite in many ways, and measures how soon each alert is told and ends."""
