"""What the suite holds: the ledger, the data on disk, and contradictions between them."""
