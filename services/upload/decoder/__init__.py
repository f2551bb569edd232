"""The contained decoder: a program with an environment of its own and no access to secrets."""
