"""What users does: one file for each verb."""
