"""What others did that concerns the viewer, in lines, without anything the viewer may not see."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.feed.clients.users import UsersClient
from services.feed.domain.activity import NAMED_MAX, Deed, Line, lines_of, page_of
from services.feed.domain.skeletons import page_start
from services.feed.store.activities import newest_activities, seen_version
from services.feed.store.comments import Comments
from services.feed.store.post_bodies import PostBodies
from shared.contracts.activity import ActivityLine, ActivityPage
from shared.contracts.people import Card
from shared.contracts.posts import Comment, PostBody
from shared.cursors import ID_CURSOR, decode_id_cursor
from shared.ids import created_at
from shared.sharding.shard_group import ShardGroup
from shared.wire_time import wire_time

_ABOUT_COMMENTS = frozenset({"comment", "reply", "comment_like"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the deeds are about, as far as it exists and the viewer may know of it."""

    posts: Mapping[int, PostBody]
    comments: Mapping[int, Comment]
    people: Mapping[int, Card]

    def stands(self, deed: Deed) -> bool:
        """Whether the deed may still be shown."""
        if deed.actor_id not in self.people:
            return False
        if deed.post_id is None:
            return True
        post = self.posts.get(deed.post_id)
        if post is None or not self._may_be_seen(post):
            return False
        return not _is_about_comment(deed) or deed.subject_id in self.comments

    def _may_be_seen(self, post: PostBody) -> bool:
        author = self.people.get(post["author_id"])
        return author is not None and author["may_view"]


async def read_activity(
    group: ShardGroup,
    bodies: PostBodies,
    comments: Comments,
    users: UsersClient,
    viewer_id: int,
    page: tuple[int, str | None],
) -> ActivityPage:
    """A page (limit and cursor) of lines, newest first, with the number of unseen ones.

    It reads all stored deeds, at most 500; lines left out are not counted as unseen. Raises Invalid
    for a malformed cursor, and Unavailable.
    """
    limit, cursor = page
    before = page_start(decode_id_cursor(cursor))
    deeds, seen = await asyncio.gather(
        newest_activities(group, viewer_id), seen_version(group, viewer_id)
    )
    facts = await _facts(bodies, comments, users, viewer_id, deeds)
    lines = lines_of(deed for deed in deeds if facts.stands(deed))
    shown, after = page_of(lines, before, limit)
    items = [_shown(line, facts, seen) for line in shown]
    return {
        "items": items,
        "people": {str(one): facts.people[one] for item in items for one in item["actor_ids"]},
        "next_cursor": None if after is None else ID_CURSOR.encode(after),
        "unseen_count": sum(line.newest.version > seen for line in lines),
    }


async def _facts(
    bodies: PostBodies,
    comments: Comments,
    users: UsersClient,
    viewer_id: int,
    deeds: Sequence[Deed],
) -> _Facts:
    post_ids = list({deed.post_id for deed in deeds if deed.post_id is not None})
    comment_ids = list({deed.subject_id for deed in deeds if _is_about_comment(deed)})
    posts, said = await asyncio.gather(bodies.find_many(post_ids), comments.by_ids(comment_ids))
    if posts.away is not None:
        raise posts.away
    people = {deed.actor_id for deed in deeds}
    people.update(body["author_id"] for body in posts.bodies.values())
    known = await users.cards(sorted(people), viewer_id=viewer_id)
    return _Facts(posts.bodies, said, known)


def _is_about_comment(deed: Deed) -> bool:
    return deed.kind in _ABOUT_COMMENTS or (
        deed.kind == "mention" and deed.subject_id != deed.post_id
    )


def _shown(line: Line, facts: _Facts, seen: int) -> ActivityLine:
    newest, actor_ids = line.newest, line.actor_ids
    post = None if newest.post_id is None else facts.posts[newest.post_id]
    comment = facts.comments[newest.subject_id] if _is_about_comment(newest) else None
    return {
        "id": newest.version,
        "kind": newest.kind,
        "actor_ids": actor_ids[:NAMED_MAX],
        "actor_count": len(actor_ids),
        "post": None if post is None else {"id": post["id"], "thumb_key": _thumb_key(post)},
        "comment": None if comment is None else {"id": comment["id"], "text": comment["text"]},
        "happened_at": wire_time(created_at(newest.version)),
        "seen": newest.version <= seen,
    }


def _thumb_key(post: PostBody) -> str | None:
    renditions = post["photos"][0]["renditions"] if post["photos"] else []
    return next((one["key"] for one in renditions if one["name"] == "thumb"), None)
