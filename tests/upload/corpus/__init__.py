"""Files as people and attackers send them."""
