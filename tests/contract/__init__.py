"""Documents held against the services that they describe."""
