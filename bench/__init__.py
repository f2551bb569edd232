"""Measurements, which compare alternatives side by side in one run; they are not tests."""
