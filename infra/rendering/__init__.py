"""The files that other programs read, made from the plan."""
