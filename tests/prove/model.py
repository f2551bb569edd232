"""A suite that does everything right, for histories without a server."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from prove.checks.reads import HOME, PAGE, POST, PROFILE, RELATION, THREAD
from prove.history import DOUBT_S, History, Operation, Outcome, Person
from prove.state import (
    CommentRow,
    CountRow,
    EdgeRow,
    HeardRow,
    PhotoRow,
    PostRow,
    State,
)

PEOPLE = 4
DEEDS = (
    *("photo", "post", "comment", "like", "save", "follow", "bio", "display_name"),
    *(PROFILE, RELATION, POST, PAGE, HOME, THREAD),
)
# Whether the deed of which nobody knows took effect.
ENDS = ("ok", "ok", "ok", "fail", "done", "undone")
SHARDS = 2

Step = tuple[int, str, str, int]


def steps() -> st.SearchStrategy[list[Step]]:
    """Lists of what clients do: client, deed, its end, and a number that picks its object."""
    return st.lists(
        st.tuples(
            st.integers(0, PEOPLE - 1),
            st.sampled_from(DEEDS),
            st.sampled_from(ENDS),
            st.integers(0, 1_000),
        ),
        max_size=80,
    )


@dataclass
class Model:
    """Does one step after the other, records it, and keeps what it should keep."""

    history: History = field(default_factory=History)
    photos: list[PhotoRow] = field(default_factory=list)
    posts: list[PostRow] = field(default_factory=list)
    comments: list[CommentRow] = field(default_factory=list)
    edges: dict[tuple[str, int, int], EdgeRow] = field(default_factory=dict)
    fields: dict[int, dict[str, str | int]] = field(default_factory=dict)
    clock: int = 0
    now_s: float = 0.0

    def __post_init__(self) -> None:
        """Create the people."""
        for number in range(PEOPLE):
            person_id = self.new_id(number)
            self.history.people.append(Person(number, person_id, f"person{number}"))
            self.fields[person_id] = {"display_name": "", "bio": "", "version": 1}

    def new_id(self, client: int) -> int:
        """The next id of a client's shard."""
        self.clock += 1
        return self.clock << 23 | self.shard(client) << 10

    @staticmethod
    def shard(client: int) -> int:
        """Where a client's rows are."""
        return client % SHARDS

    def person(self, client: int) -> int:
        """A client's user id."""
        return self.history.people[client].id

    def do(self, step: Step) -> None:
        """Do a step, if it is possible by now."""
        client, deed, end, pick = step
        if deed in {PROFILE, PAGE, HOME, RELATION, POST, THREAD}:
            self._read(client, deed, pick)
        elif deed in {"photo", "post", "comment"}:
            self._insert(client, deed, end, pick)
        else:
            self._set(client, deed, end, pick)

    def _insert(self, client: int, deed: str, end: str, pick: int) -> None:
        value = f"{deed} {len(self.history.operations)}"
        key, home = "", client
        if deed == "comment":
            if not self.posts:
                return
            post = self.posts[pick % len(self.posts)]
            key, home = str(post.id), post.shard
        free = [one for one in self.photos if one.owner_id == self.person(client)]
        free = [one for one in free if not one.published]
        if deed == "post" and not free:
            return
        id_ = self.new_id(home)
        if end in {"ok", "done"}:
            self._keep(client, deed, (id_, value), (key, free))
        self._record(client, deed, key, value, end, {"ids": [str(id_)]})

    def _keep(
        self, client: int, deed: str, row: tuple[int, str], where: tuple[str, list[PhotoRow]]
    ) -> None:
        (id_, value), (key, free) = row, where
        shard, person = self.shard(client), self.person(client)
        if deed == "photo":
            self.photos.append(PhotoRow(shard, id_, person, value, "ready", False, None))
        elif deed == "comment":
            post = next(one for one in self.posts if one.id == int(key))
            self.comments.append(CommentRow(post.shard, id_, post.id, person, value))
        else:
            photo = free[0]
            self.posts.append(PostRow(shard, id_, person, value, [photo.id]))
            self.photos[self.photos.index(photo)] = photo._replace(published=True, post_id=id_)

    def _set(self, client: int, deed: str, end: str, pick: int) -> None:
        person = self.person(client)
        if deed in {"bio", "display_name"}:
            value = f"{deed} {len(self.history.operations)}"
            if end in {"ok", "done"}:
                now = self.fields[person]
                self.fields[person] = {**now, deed: value, "version": int(now["version"]) + 1}
            self._record(client, deed, deed, value, end, {})
            return
        others = [one.id for one in self.history.people if one.id != person]
        nodes = others if deed == "follow" else [post.id for post in self.posts]
        if not nodes:
            return
        node = nodes[pick % len(nodes)]
        value = str(pick % 2)
        if end in {"ok", "done"}:
            state = "active" if value == "1" else "removed"
            version = self.new_id(client)
            self.edges[(deed, person, node)] = EdgeRow(deed, person, node, state, version)
        self._record(client, deed, str(node), value, end, {})

    def _record(
        self, client: int, kind: str, key: str, value: str, end: str, got: Mapping[str, Any]
    ) -> None:
        begin_s = self.now_s
        self.now_s += 1.0
        outcome: Outcome = "ok" if end == "ok" else "fail" if end == "fail" else "info"
        in_doubt_until_s = self.now_s + DOUBT_S if outcome == "info" else self.now_s
        self.history.operations.append(
            Operation(
                *(len(self.history.operations) + 1, client, kind, key, value),
                *(begin_s, self.now_s, outcome, got if outcome == "ok" else {}),
                *(1, in_doubt_until_s),
            )
        )
        if outcome == "info":
            # Nothing else begins before it has taken effect or never will.
            self.now_s += DOUBT_S

    def _read(self, client: int, deed: str, pick: int) -> None:
        person, nodes = self.person(client), [post.id for post in self.posts]
        others = [one.id for one in self.history.people if one.id != person]
        if not nodes and deed in {POST, THREAD}:
            return
        key = str(nodes[pick % len(nodes)]) if deed in {POST, THREAD} else ""
        key = str(others[pick % len(others)]) if deed == RELATION else key
        self._record(client, deed, key, "", "ok", self._seen(person, deed, key))

    def _seen(self, person: int, deed: str, key: str) -> Mapping[str, Any]:
        if deed == PROFILE:
            return self.fields[person]
        if deed == RELATION:
            return {"following": self._is_active("follow", person, int(key))}
        if deed == POST:
            return {
                "liked": self._is_active("like", person, int(key)),
                "saved": self._is_active("save", person, int(key)),
            }
        if deed == THREAD:
            rows = [row for row in self.comments if row.post_id == int(key)]
            ids = sorted(row.id for row in rows)
            texts = {row.id: row.text for row in rows}
            return {
                "ids": [str(id_) for id_ in ids],
                "texts": [texts[id_] for id_ in ids],
                "more": False,
                "partial": False,
            }
        authors = {person} | (self._followed(person) if deed == HOME else set())
        ids = self._newest_of(authors)
        return {"ids": [str(id_) for id_ in ids], "more": False, "partial": False}

    def _is_active(self, kind: str, src: int, dst: int) -> bool:
        edge = self.edges.get((kind, src, dst))
        return edge is not None and edge.state == "active"

    def _followed(self, person: int) -> set[int]:
        return {one.id for one in self.history.people if self._is_active("follow", person, one.id)}

    def _newest_of(self, authors: set[int]) -> list[int]:
        return sorted((post.id for post in self.posts if post.author_id in authors), reverse=True)

    def state(self) -> State:
        """What the suite holds when all is quiet."""
        edges = list(self.edges.values())
        active = [edge for edge in edges if edge.state == "active"]
        ins = Counter((edge.kind, edge.dst) for edge in active)
        outs = Counter((edge.kind, edge.src) for edge in active)
        comments = Counter(row.post_id for row in self.comments)
        author_of = {post.id: post.author_id for post in self.posts}
        people = [one.id for one in self.history.people]
        return State(
            posts=list(self.posts),
            comments=list(self.comments),
            photos=list(self.photos),
            profiles={person: dict(now) for person, now in self.fields.items()},
            out_edges=list(edges),
            in_edges=list(edges),
            edge_counts=[
                CountRow(kind, node, ins[(kind, node)], outs[(kind, node)])
                for kind, node in sorted(ins.keys() | outs.keys())
            ],
            comment_counts=dict(comments),
            post_counts=dict(Counter(author_of.values())),
            heard=[
                HeardRow(edge.src, "follow", edge.dst, edge.version)
                for edge in edges
                if edge.kind == "follow"
            ],
            noted=[
                (author_of[row.post_id], row.id)
                for row in self.comments
                if author_of[row.post_id] != row.writer_id
            ],
            homes={one: self._newest_of({one} | self._followed(one)) for one in people},
            shown_likes={post.id: ins[("like", post.id)] for post in self.posts},
        )


def modelled(done: Sequence[Step]) -> Model:
    """A model after these steps."""
    model = Model()
    for step in done:
        model.do(step)
    return model


def busy_model() -> Model:
    """A model in which everything has happened, and nothing went wrong."""
    made: Counter[str] = Counter()
    done: list[Step] = []
    order = ("photo", "post", "follow", "comment", "like", "save", "bio", *DEEDS[8:])
    for number in range(6 * len(order)):
        deed = order[number % len(order)]
        made[deed] += 1
        # An odd number sets what it picks.
        done.append((made[deed] % PEOPLE, deed, "ok", 2 * made[deed] + 1))
    return modelled(done)
