"""How a process finds and trusts the others: names, TLS, internal tokens."""
