"""What watches the suite: targets, rules, alerts and where these go."""
