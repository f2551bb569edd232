"""The part of a list that a request asks for."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items at most, and after which cursor; the cursor's inside is its owner's affair.

    `q` is what is searched for, where a list is the result of a search; `order` is said where a
    list has several and it is not the usual one. `since` is the post above which a page is wanted.
    """

    limit: int
    cursor: str | None
    q: str | None = None
    order: str | None = None
    since: str | None = None

    def params(self) -> dict[str, Any]:
        """As query parameters of the service that owns the list."""
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
        """The next part of the same list."""
        return replace(self, cursor=cursor)
