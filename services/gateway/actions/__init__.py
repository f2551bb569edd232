"""What needs more than one service, or a decision, to answer."""
