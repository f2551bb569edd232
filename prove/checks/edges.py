"""Both sides of every edge agree, and so do all counts."""

from collections import Counter
from collections.abc import Iterator, Mapping

from prove.checks.finding import Finding
from prove.history import History
from prove.state import EdgeRow, State
from services.feed.store.activities import KEPT_MAX


def check_edges(history: History, state: State) -> Iterator[Finding]:
    """Compare both sides of each edge, and counts with rows."""
    ours = _Side.of(state.out_edges)
    theirs = _Side.of(state.in_edges)
    for ends in sorted(ours.keys() | theirs.keys()):
        begin, end = ours.get(ends), theirs.get(ends)
        if begin != end and not _both_gone(begin, end):
            yield Finding(
                "two sides", f"edge {ends} is {begin} where it begins and {end} at its end"
            )
    yield from _check_counts(state)
    yield from _check_heard(state)
    yield from _check_comments(state)
    yield from _check_shown(history, state)


class _Side(dict[tuple[str, int, int], tuple[str, int]]):
    """State and version by kind, begin and end."""

    @classmethod
    def of(cls, rows: list[EdgeRow]) -> "_Side":
        return cls({(row.kind, row.src, row.dst): (row.state, row.version) for row in rows})


def _both_gone(begin: tuple[str, int] | None, end: tuple[str, int] | None) -> bool:
    """Whether the edge is removed on both sides: its row may have ended on one of them."""
    return all(side is None or side[0] == "removed" for side in (begin, end))


def _check_counts(state: State) -> Iterator[Finding]:
    ins = Counter((row.kind, row.dst) for row in state.in_edges if row.state == "active")
    outs = Counter((row.kind, row.src) for row in state.out_edges if row.state == "active")
    counted_ins = {(row.kind, row.node): row.ins for row in state.edge_counts}
    counted_outs = {(row.kind, row.node): row.outs for row in state.edge_counts}
    for way, rows, counts in (("end at", ins, counted_ins), ("begin at", outs, counted_outs)):
        for node in sorted(rows.keys() | counts.keys()):
            if rows[node] != counts.get(node, 0):
                yield Finding(
                    "counter",
                    f"{rows[node]} edges {way} {node}, and {counts.get(node, 0)} are counted",
                )


def _check_heard(state: State) -> Iterator[Finding]:
    """Feed heard of each person's last change, and of nothing newer than the truth."""
    heard = {
        (row.actor_id, row.subject_id): row.version for row in state.heard if row.edge == "follow"
    }
    for edge in state.out_edges:
        if edge.kind == "follow" and heard.get((edge.src, edge.dst)) != edge.version:
            yield Finding(
                "event",
                f"feed heard of version {heard.get((edge.src, edge.dst))} of the follow"
                f" {edge.src} → {edge.dst}, which has version {edge.version}",
            )


def _check_comments(state: State) -> Iterator[Finding]:
    comments = Counter(row.post_id for row in state.comments)
    posts = Counter(row.author_id for row in state.posts)
    for post in state.posts:
        counted = state.comment_counts.get(post.id, 0)
        if counted != comments[post.id]:
            yield Finding(
                "counter",
                f"post {post.id} has {comments[post.id]} comments, and {counted} are counted",
            )
    for author_id, counted in state.post_counts.items():
        if counted != posts[author_id]:
            yield Finding(
                "counter",
                f"{author_id} has {posts[author_id]} posts, and {counted} are counted",
            )
    yield from _check_noted(state)


def _check_noted(state: State) -> Iterator[Finding]:
    """Each comment of somebody else is in the activity of the post's author.

    Activity keeps so many entries, and newer ones displace the oldest. It may hold fewer by now,
    because what is taken back leaves it.
    """
    author_of = {post.id: post.author_id for post in state.posts}
    noted = set(state.noted)
    oldest: dict[int, int] = {}
    for recipient_id, comment_id in state.noted:
        oldest[recipient_id] = min(comment_id, oldest.get(recipient_id, comment_id))
    told = _told_of(state, author_of)
    for comment in state.comments:
        author_id = author_of.get(comment.post_id)
        if author_id is None or author_id == comment.writer_id:
            continue
        is_displaced = told[author_id] >= KEPT_MAX and comment.id < oldest.get(author_id, 0)
        if (author_id, comment.id) not in noted and not is_displaced:
            yield Finding("event", f"{author_id} was not told of the comment {comment.id}")


def _told_of(state: State, author_of: Mapping[int, int]) -> Counter[int]:
    """Count what each person has ever been told of, which includes what was taken back."""
    edges = (one.dst for one in state.in_edges if one.kind in {"follow", "like"})
    comments = (one.post_id for one in state.comments)
    return Counter(author_of.get(about, about) for about in (*edges, *comments))


def _check_shown(history: History, state: State) -> Iterator[Finding]:
    """The API shows as many likes as there are, and as many as the clients can have given."""
    likes = Counter(
        edge.dst for edge in state.in_edges if edge.kind == "like" and edge.state == "active"
    )
    givers: dict[int, set[int]] = {}
    for one in history.of_kind("like"):
        givers.setdefault(int(one.key), set()).add(one.client)
    for post_id, shown in state.shown_likes.items():
        if shown != likes[post_id]:
            yield Finding("counter", f"post {post_id} shows {shown} likes and has {likes[post_id]}")
        if likes[post_id] > len(givers.get(post_id, ())):
            yield Finding("counter", f"post {post_id} has {likes[post_id]} likes of fewer people")
