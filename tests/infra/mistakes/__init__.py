"""Mistakes and losses of operators, each made for real on a separate suite."""
