"""Draws, renders and drives the suite of processes; of the services it knows only their names."""
