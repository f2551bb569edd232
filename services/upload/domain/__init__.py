"""Rules about pictures: no I/O, no clock, no framework."""
