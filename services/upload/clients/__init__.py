"""The only place that talks to another process: here, the contained decoder."""
