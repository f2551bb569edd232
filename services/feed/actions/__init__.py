"""What feed does, a file per verb."""
