"""What feed asks of others."""
