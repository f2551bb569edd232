"""What people look at: the table of processes, the logs, one request's way."""
