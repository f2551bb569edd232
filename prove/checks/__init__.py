"""What must hold of a recorded history and of the state after it; pure functions."""
