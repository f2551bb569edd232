"""A believable small world for a running suite, made through the public API like anyone would."""
