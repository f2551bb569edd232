"""How a process reaches Redis, which may be unreachable or emptied at any moment."""
