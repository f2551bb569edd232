"""Starts, stops and checks the processes of the suite."""
