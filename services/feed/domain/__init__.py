"""Rules of posts and timelines: no I/O, no clock, no framework."""
