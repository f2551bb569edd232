"""Rules of accounts, sessions and people: no I/O, no clock, no framework."""
