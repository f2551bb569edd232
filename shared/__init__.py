"""Mechanisms and wire contracts that at least two services use."""
