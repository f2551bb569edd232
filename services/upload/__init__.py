"""Photos: received, decoded in safety, kept as renditions only."""
