"""`make prove`: load, faults, and a check that nothing acknowledged was lost."""
