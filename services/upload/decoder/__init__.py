"""The contained decoder: a program and an environment of its own, that no secret reaches."""
