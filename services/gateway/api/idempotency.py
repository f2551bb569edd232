"""The key that makes a creation happen once."""

import uuid


def key_or_new(key: str | None) -> str:
    """The client's key, or a new one, which makes the internal retry safe."""
    return key if key is not None else uuid.uuid4().hex
