"""How a process finds and trusts others: names, TLS and internal tokens."""
