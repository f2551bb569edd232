"""Of the bench, what decides whether its figures are true."""
