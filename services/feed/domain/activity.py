"""Groups the deeds that concern a user into the lines that the user sees."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared.contracts.activity import ActivityKind
from shared.ids import created_at

# A line names this many people and counts the others.
NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Deed:
    """One action of one person; `version` is an id that tells its time."""

    kind: ActivityKind
    subject_id: int
    actor_id: int
    post_id: int | None
    version: int


@dataclass(slots=True)
class Line:
    """Deeds shown as one line, the newest first."""

    deeds: list[Deed] = field(default_factory=list)

    @property
    def newest(self) -> Deed:
        """The deed whose time places the line."""
        return self.deeds[0]

    @property
    def actor_ids(self) -> list[int]:
        """Each actor once, the latest first."""
        return list(dict.fromkeys(deed.actor_id for deed in self.deeds))


def lines_of(deeds: Iterable[Deed]) -> list[Line]:
    """Group deeds, given newest first, into lines in the same order.

    Likes of one thing form a line; so do the follows of one day (UTC), and all open requests. A
    comment or reply is its own line, and its mention of the same reader adds none.
    """
    told = list(deeds)
    written = {deed.subject_id for deed in told if deed.kind in {"comment", "reply"}}
    lines: dict[object, Line] = defaultdict(Line)
    for deed in told:
        if deed.kind != "mention" or deed.subject_id not in written:
            lines[_key(deed)].deeds.append(deed)
    return list(lines.values())


def page_of(lines: Sequence[Line], before: int, limit: int) -> tuple[list[Line], int | None]:
    """The lines whose newest deed is older than `before`, and where the next page begins."""
    older = [line for line in lines if line.newest.version < before]
    page = older[:limit]
    return page, page[-1].newest.version if len(older) > limit else None


def _key(deed: Deed) -> object:
    match deed.kind:
        case "like" | "comment_like":
            return deed.kind, deed.subject_id
        case "follow":
            return deed.kind, created_at(deed.version).date()
        case "follow_request":
            return deed.kind
    return deed.kind, deed.subject_id, deed.actor_id
