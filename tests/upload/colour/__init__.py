"""Pictures of every kind against colours that are computed from the standards."""
