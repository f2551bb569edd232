"""Redis, which may be emptied or away at any moment: how a process reaches it."""
