"""The JSON shapes that services exchange; types only, no behaviour."""
