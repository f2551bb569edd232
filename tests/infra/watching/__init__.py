"""What watches the suite finds what is wrong, and nothing else."""
