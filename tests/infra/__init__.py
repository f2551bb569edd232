"""Tests of the rendering and the driving of the suite."""
