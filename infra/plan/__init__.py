"""What a suite consists of, on any target: a pure function of the topology."""
