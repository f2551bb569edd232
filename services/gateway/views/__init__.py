"""What clients of the public API see: shapes for its document, made from what services say."""
