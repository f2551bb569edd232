"""How a process finds, trusts and reaches the others: names, TLS, Redis."""
