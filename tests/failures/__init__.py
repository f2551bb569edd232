"""What happens when parts of the suite die, shown by killing them."""
