"""The key under which a creation is done once."""

import uuid


def key_or_new(key: str | None) -> str:
    """The client's key, or one for this request alone: the one retry inside is then safe too."""
    return key if key is not None else uuid.uuid4().hex
