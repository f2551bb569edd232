"""Plans, renders and runs the suite's processes; it knows only the names of the services."""
