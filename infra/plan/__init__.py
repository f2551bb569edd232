"""What a suite consists of, whatever it is run with: a pure function of the topology."""
