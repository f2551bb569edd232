"""Which part of a list a request asks for."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The limit and the cursor, which only the list's owner reads.

    `q` is a search text. `order` names an order other than the usual one. `since` is the post
    directly above which the page lies.
    """

    limit: int
    cursor: str | None
    q: str | None = None
    order: str | None = None
    since: str | None = None

    def params(self) -> dict[str, Any]:
        """The query parameters for the service that owns the list."""
        asked: dict[str, Any] = {} if self.q is None else {"q": self.q}
        asked["limit"] = self.limit
        if self.order is not None:
            asked["order"] = self.order
        if self.since is not None:
            asked["since"] = self.since
        if self.cursor is not None:
            asked["cursor"] = self.cursor
        return asked

    def next_part(self, cursor: str) -> "PageRequest":
        """The same request with another cursor."""
        return replace(self, cursor=cursor)
