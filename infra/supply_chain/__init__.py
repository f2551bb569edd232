"""What the suite is made of: parts of others, their licences and their published security bugs."""
