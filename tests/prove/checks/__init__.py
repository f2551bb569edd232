"""Tests of the checks: correct runs pass, and every planted fault is found."""
