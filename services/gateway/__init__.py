"""The public API: owns no truth, composes what users, upload and feed say."""
