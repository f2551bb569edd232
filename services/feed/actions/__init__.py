"""What feed does: one file for each verb."""
