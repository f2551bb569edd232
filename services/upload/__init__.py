"""Photos: received, decoded in a contained process, and kept as renditions only."""
