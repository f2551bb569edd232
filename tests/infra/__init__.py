"""Tests of the rendering and the control of the suite."""
