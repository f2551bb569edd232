"""Drills break parts of the suite under load, and compare the effect with targets."""
