"""The form of every JSON body that clients send."""

from pydantic import BaseModel, ConfigDict


class ClientBody(BaseModel):
    """A body whose unknown fields are refused: a mistyped one must not look accepted.

    Services ignore them instead, because versions mix during an upgrade.
    """

    model_config = ConfigDict(extra="forbid")
