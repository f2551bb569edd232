"""Tests of infra/supply_chain."""
