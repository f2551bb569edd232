"""Tests of infra: planning, rendering and control of the suite."""
