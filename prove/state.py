"""What the suite holds of a run when all is quiet, as plain rows, and its file."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple, TypeVar

import orjson

T = TypeVar("T")


class PostRow(NamedTuple):
    """A post that is not withdrawn."""

    shard: int
    id: int
    author_id: int
    caption: str
    photo_ids: list[int]


class CommentRow(NamedTuple):
    """A comment that is not deleted."""

    shard: int
    id: int
    post_id: int
    writer_id: int
    text: str


class PhotoRow(NamedTuple):
    """A photo; `post_id` is None until the post is confirmed."""

    shard: int
    id: int
    owner_id: int
    sha256: str
    state: str
    published: bool
    post_id: int | None


class EdgeRow(NamedTuple):
    """One side of an edge, in the shard of that side."""

    kind: str
    src: int
    dst: int
    state: str
    version: int


class CountRow(NamedTuple):
    """The numbers of active edges that end and begin at a node."""

    kind: str
    node: int
    ins: int
    outs: int


class HeardRow(NamedTuple):
    """The newest change of the graph of which feed heard."""

    actor_id: int
    edge: str
    subject_id: int
    version: int


class WaitingRow(NamedTuple):
    """An event that is still in an outbox; parked if it waits for a person."""

    group: str
    shard: int
    topic: str
    position: int
    parked: bool


@dataclass(slots=True)
class State:
    """Everything that the checks compare with a history.

    Values are rows of the run's people. `profiles` maps a person to fields and version, `homes` to
    the ids of the home timeline as the API pages it. `shown_likes` maps a post to its likes as the
    API shows them. `noted` pairs recipient and comment in activity.
    """

    posts: list[PostRow] = field(default_factory=list)
    comments: list[CommentRow] = field(default_factory=list)
    photos: list[PhotoRow] = field(default_factory=list)
    profiles: dict[int, dict[str, str | int]] = field(default_factory=dict)
    out_edges: list[EdgeRow] = field(default_factory=list)
    in_edges: list[EdgeRow] = field(default_factory=list)
    edge_counts: list[CountRow] = field(default_factory=list)
    comment_counts: dict[int, int] = field(default_factory=dict)
    post_counts: dict[int, int] = field(default_factory=dict)
    heard: list[HeardRow] = field(default_factory=list)
    noted: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[WaitingRow] = field(default_factory=list)
    jobs: dict[str, int] = field(default_factory=dict)
    homes: dict[int, list[int]] = field(default_factory=dict)
    shown_likes: dict[int, int] = field(default_factory=dict)
    unlike_replicas: list[str] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """Write the state as JSON."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        # Named tuples are written as lists.
        file.write_bytes(orjson.dumps(kept, default=tuple, option=orjson.OPT_NON_STR_KEYS))


def read_state(file: Path) -> State:
    """Read a state that `State.write` wrote."""
    kept = orjson.loads(file.read_bytes())
    return State(
        posts=[PostRow(*row) for row in kept["posts"]],
        comments=[CommentRow(*row) for row in kept["comments"]],
        photos=[PhotoRow(*row) for row in kept["photos"]],
        profiles=_by_number(kept["profiles"]),
        out_edges=[EdgeRow(*row) for row in kept["out_edges"]],
        in_edges=[EdgeRow(*row) for row in kept["in_edges"]],
        edge_counts=[CountRow(*row) for row in kept["edge_counts"]],
        comment_counts=_by_number(kept["comment_counts"]),
        post_counts=_by_number(kept["post_counts"]),
        heard=[HeardRow(*row) for row in kept["heard"]],
        noted=[(recipient, comment) for recipient, comment in kept["noted"]],
        waiting=[WaitingRow(*row) for row in kept["waiting"]],
        jobs=kept["jobs"],
        homes=_by_number(kept["homes"]),
        shown_likes=_by_number(kept["shown_likes"]),
        unlike_replicas=kept["unlike_replicas"],
    )


def _by_number(kept: dict[str, T]) -> dict[int, T]:
    return {int(key): value for key, value in kept.items()}
