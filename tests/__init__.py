"""The tests mirror the source; journeys, failures and architecture look at the whole."""
