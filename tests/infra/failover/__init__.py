"""Tests of failover: the fence, the watch, and a suite whose leaders are killed."""
