"""The shapes that travel between services; types only, no behaviour."""
