"""What the suite holds: the ledger of it, what lies on disk, and where the two contradict."""
