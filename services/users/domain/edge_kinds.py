"""The kinds of edges in the graph; each starts at the actor."""

from typing import Final

FOLLOW: Final = "follow"
BLOCK: Final = "block"
MUTE: Final = "mute"

# The state of a follow that a private person has not accepted yet.
REQUESTED: Final = "requested"
