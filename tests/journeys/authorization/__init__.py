"""Who may do what to whom: every public operation, for every relation, by privacy."""
