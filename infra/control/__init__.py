"""Starting, stopping and asking after the processes of the suite."""
