"""Drills: parts of the suite are broken under load, and what that does is held against targets."""
