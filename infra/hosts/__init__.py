"""A suite on several hosts: one bundle of files for each, and the order of their start."""
