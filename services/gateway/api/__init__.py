"""The public routes: each parses, makes one call and shapes the answer."""
