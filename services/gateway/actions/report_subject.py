"""Reports something that the viewer may see to the operators."""

from typing import Any

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_comments import read_comment
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from shared.contracts.reports import Report, SubjectKind
from shared.errors import FieldError, Invalid, NotFound
from shared.faults import fault


class OwnAccount(Invalid):
    """The viewer reported themselves or something of their own."""

    code = "own_account"
    title = "This cannot be done with your own account."


async def report_subject(
    feed: FeedClient, cards: AuthorCards, report: dict[str, Any], viewer_id: int
) -> Report:
    """Report it; raises NotFound if the viewer may not see the subject, and OwnAccount."""
    kind, subject_id = report["subject_kind"], report["subject_id"]
    author_id = await _author(feed, cards, kind, subject_id, viewer_id)
    if author_id == viewer_id:
        raise OwnAccount(errors=[FieldError("id", fault("own_content"))])
    return await feed.report({**report, "author_id": author_id}, viewer_id=viewer_id)


async def _author(
    feed: FeedClient, cards: AuthorCards, kind: SubjectKind, subject_id: int, viewer_id: int
) -> int:
    if kind == "post":
        return (await read_post(feed, cards, subject_id, viewer_id)).post["author_id"]
    if kind == "comment":
        found = await read_comment(feed, cards, subject_id, viewer_id)
        return found.comment["writer_id"]
    if str(subject_id) not in await cards.current_cards([subject_id], viewer_id):
        raise NotFound
    return subject_id
