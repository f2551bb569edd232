"""The version of this code, which the running process reports, wherever it was started from."""

# `pyproject.toml` has the same number; a test compares them.
VERSION = "1.0.0"
# The header of /live and /ready with the version and the commit, such as 1.0.0+0123456789ab.
VERSION_HEADER = "Retrato-Version"


def version_text(version: str, revision: str) -> str:
    """Return version and commit as one text of semantic versioning."""
    return f"{version}+{revision}"
