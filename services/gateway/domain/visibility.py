"""Which posts and comments a viewer gets, by the cards that users has decided for them."""

from collections.abc import Iterable, Mapping

from shared.contracts.people import Card
from shared.contracts.posts import Comment, Post

# By decimal id, as users answers them.
CardsById = Mapping[str, Card]


def author_ids(posts: Iterable[Post]) -> list[int]:
    """The distinct authors, in order of appearance: one lookup for a whole page."""
    return list(dict.fromkeys([post["author_id"] for post in posts]))


def may_be_shown(post: Post, authors: CardsById) -> bool:
    """Whether the post's author is known to the viewer and lets them see what they publish."""
    author = authors.get(str(post["author_id"]))
    return author is not None and author["may_view"]


def is_public(author_id: int, authors: CardsById) -> bool:
    """Whether everybody may see what the author publishes, and the viewer too."""
    author = authors.get(str(author_id))
    return author is not None and author["may_view"] and not author["is_private"]


def may_be_met(post: Post, authors: CardsById) -> bool:
    """Whether the viewer gets the post without asking for it: not from people they have muted."""
    author = authors.get(str(post["author_id"]))
    return author is not None and author["may_view"] and not author["muting"]


def comment_people_ids(comments: Iterable[Comment]) -> list[int]:
    """Everybody on whom it depends what is shown, for one lookup."""
    ids: dict[int, None] = {}
    for comment in comments:
        ids[comment["writer_id"]] = None
        if comment["parent_writer_id"] is not None:
            ids[comment["parent_writer_id"]] = None
    return list(ids)


def may_be_read(comment: Comment, people: CardsById) -> bool:
    """Whether the viewer may know the writer, and the writer of what is replied to.

    What is said under a post is for all who see the post: a writer's private account hides their
    own posts, not this.
    """
    parent = comment["parent_writer_id"]
    return str(comment["writer_id"]) in people and (parent is None or str(parent) in people)
