"""Which posts and comments a viewer gets, given the cards that users has decided for them."""

from collections.abc import Iterable, Mapping

from shared.contracts.people import Card
from shared.contracts.posts import Comment, Post

# By decimal id, as users answers them.
CardsById = Mapping[str, Card]


def author_ids(posts: Iterable[Post]) -> list[int]:
    """The distinct authors, in order of appearance: one lookup for a whole page."""
    return list(dict.fromkeys([post["author_id"] for post in posts]))


def may_be_shown(post: Post, authors: CardsById) -> bool:
    """Whether the viewer may know the post's author and see their posts."""
    author = authors.get(str(post["author_id"]))
    return author is not None and author["may_view"]


def is_public(author_id: int, authors: CardsById) -> bool:
    """Whether everybody, including the viewer, may see the author's posts."""
    author = authors.get(str(author_id))
    return author is not None and author["may_view"] and not author["is_private"]


def may_be_met(post: Post, authors: CardsById) -> bool:
    """Whether the post may show unasked: its author is visible and not muted."""
    author = authors.get(str(post["author_id"]))
    return author is not None and author["may_view"] and not author["muting"]


def comment_people_ids(comments: Iterable[Comment]) -> list[int]:
    """The writers, and the writers replied to, for one lookup."""
    ids: dict[int, None] = {}
    for comment in comments:
        ids[comment["writer_id"]] = None
        if comment["parent_writer_id"] is not None:
            ids[comment["parent_writer_id"]] = None
    return list(ids)


def may_be_read(comment: Comment, people: CardsById) -> bool:
    """Whether the viewer may know the writer, and the writer replied to.

    Everybody who sees a post may read its comments: a writer's private account hides their own
    posts only.
    """
    parent = comment["parent_writer_id"]
    return str(comment["writer_id"]) in people and (parent is None or str(parent) in people)
