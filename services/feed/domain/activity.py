"""What others did that concerns a user, gathered into the lines that are shown."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared.contracts.activity import ActivityKind
from shared.ids import created_at

# Those whom a line names; the others are counted.
NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Deed:
    """One person did one thing; `version` is an id that says when."""

    kind: ActivityKind
    subject_id: int
    actor_id: int
    post_id: int | None
    version: int


@dataclass(slots=True)
class Line:
    """Deeds that are told together, the newest first."""

    deeds: list[Deed] = field(default_factory=list)

    @property
    def newest(self) -> Deed:
        """The deed that says where the line stands."""
        return self.deeds[0]

    @property
    def actor_ids(self) -> list[int]:
        """Everybody in it, once, whoever acted last first."""
        return list(dict.fromkeys(deed.actor_id for deed in self.deeds))


def lines_of(deeds: Iterable[Deed]) -> list[Line]:
    """The lines of deeds that come newest first, in that order.

    Likes of one thing are one line; so are the follows of one day (UTC) and all open requests.
    Whatever somebody wrote is a line of its own, also if it mentions whom it is written to.
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
