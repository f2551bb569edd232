"""What clients of the public API see: shapes and conversions from the services' replies."""
