"""The operators' page: what the suite does now, in words, a map and plots."""
