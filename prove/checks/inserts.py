"""Every acknowledged insert is there exactly once, and nothing that was refused."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from prove.checks.finding import Finding
from prove.history import History, Operation
from prove.state import State

Present = Mapping[str, Sequence[int]]


def check_inserts(history: History, state: State) -> Iterator[Finding]:
    """Compare photos, posts and comments by the values that the clients made up."""
    for kind, present in rows_by_value(state).items():
        yield from _compare(kind, history.of_kind(kind), present)
    yield from _check_photos_in_posts(state)


def rows_by_value(state: State) -> dict[str, Present]:
    """Map each kind of insert to the ids that hold each value."""
    found: dict[str, dict[str, list[int]]] = {
        kind: defaultdict(list) for kind in ("photo", "post", "comment")
    }
    for photo in state.photos:
        found["photo"][photo.sha256].append(photo.id)
    for post in state.posts:
        found["post"][post.caption].append(post.id)
    for comment in state.comments:
        found["comment"][comment.text].append(comment.id)
    return dict(found)


def _compare(kind: str, operations: Sequence[Operation], present: Present) -> Iterator[Finding]:
    known = set()
    for one in operations:
        known.add(one.value)
        yield from _compare_one(kind, one, present.get(one.value, ()))
    for value, ids in present.items():
        if value not in known:
            yield Finding("from nowhere", f"{kind} {ids} says {value!r}, which nobody wrote")


def _compare_one(kind: str, one: Operation, ids: Sequence[int]) -> Iterator[Finding]:
    what = f"{kind} {one.value!r} (operation {one.number})"
    told = {int(id_) for id_ in one.got.get("ids", ())}
    if len(ids) > 1:
        yield Finding("duplicated", f"{what} is there {len(ids)} times: {sorted(ids)}")
    if len(told) > 1:
        yield Finding("two replies", f"{what} was acknowledged as {sorted(told)}")
    if "again" in one.got:
        yield Finding("two replies", f"{what}, repeated, was refused: {one.got['again']}")
    if one.outcome == "ok" and not ids:
        yield Finding("lost", f"{what} was acknowledged as {sorted(told)} and is not there")
    if one.outcome == "ok" and ids and told and not told & set(ids):
        yield Finding("lost", f"{what} was acknowledged as {sorted(told)} and is {sorted(ids)}")
    if one.outcome == "fail" and ids:
        yield Finding("not refused", f"{what} was refused and is there as {sorted(ids)}")


def _check_photos_in_posts(state: State) -> Iterator[Finding]:
    """A photo is in one post, and both sides say so."""
    posts_of: dict[int, list[int]] = defaultdict(list)
    for post in state.posts:
        for photo_id in post.photo_ids:
            posts_of[photo_id].append(post.id)
    for photo in state.photos:
        posts = posts_of.pop(photo.id, [])
        said = [photo.post_id] if photo.published else []
        if len(posts) > 1:
            yield Finding("duplicated", f"photo {photo.id} is in the posts {posts}")
        elif posts != said:
            yield Finding(
                "two sides", f"photo {photo.id} knows the posts {said}, and feed has {posts}"
            )
        if photo.state in {"processing", "failed"}:
            yield Finding("unfinished", f"photo {photo.id} is {photo.state} when all is quiet")
    for photo_id, posts in posts_of.items():
        yield Finding("lost", f"photo {photo_id} of the posts {posts} is not there")
