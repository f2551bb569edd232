"""What operators look at: the table of processes, the logs, and the trace of a request."""
