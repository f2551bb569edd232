"""Copies an account for its owner: a job that starts over after an interruption."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from services.users.clients.archives import ArchivesClient
from services.users.clients.exporting import ExportingClient
from services.users.domain.edge_kinds import BLOCK, FOLLOW, MUTE
from services.users.domain.export_readme import README_NAME, export_readme
from services.users.domain.mails import shown
from services.users.domain.profiles import own_profile_of
from services.users.domain.sessions import device_of
from services.users.store.archive_file import ArchiveFile
from services.users.store.deletions import Direction, other_ends
from services.users.store.exports import find_export, note_handed_in
from services.users.store.mails import mails_of_account
from services.users.store.profiles import card_facts_by_ids, find_profile
from services.users.store.sessions import live_sessions
from shared.edges.edges import Edges
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup

EXPORT_JOB = "export_account"

_EDGES_PAGE_MAX = 500

# Document → its edges. Nobody may learn who blocks or mutes them.
_EDGE_DOCUMENTS: Mapping[str, tuple[str, Direction]] = {
    "following": (FOLLOW, "out"),
    "followers": (FOLLOW, "in"),
    "blocked": (BLOCK, "out"),
    "muted": (MUTE, "out"),
}


async def export_account(
    group: ShardGroup,
    graph: Mapping[str, Edges],
    feed: ExportingClient,
    archives: ArchivesClient,
    user_id: int,
) -> None:
    """Make the copy; repeatable. Raises Unavailable while some part is away, to be run again."""
    export = await find_export(group, user_id)
    if export is None or export.handed_in_at is not None:
        return
    async with ArchiveFile() as archive:
        await archive.add_text(README_NAME, export_readme())
        await _add_own(group, archive, user_id)
        for document, (kind, direction) in _EDGE_DOCUMENTS.items():
            async for items in _pages_of_edges(group, kind, graph[kind], user_id, direction):
                await archive.add(document, items)
        async for page in feed.pages(user_id):
            await archive.add(page["document"], page["items"])
        size = await archive.finish()
        try:
            await archives.hand_in(user_id, export.id, archive.chunks(), size)
        except NotFound:
            if await find_export(group, user_id) is None:
                # The account was deleted meanwhile, and upload keeps nothing of it.
                return
            raise
    await note_handed_in(group, export)


async def _add_own(group: ShardGroup, archive: ArchiveFile, user_id: int) -> None:
    person = await find_profile(group, user_id)
    await archive.add("profile", [] if person is None else [own_profile_of(person)])
    sessions = await live_sessions(group, user_id, datetime.now(UTC))
    await archive.add("devices", [device_of(session) for session in sessions])
    await archive.add("messages", [shown(one) for one in await mails_of_account(group, user_id)])


async def _pages_of_edges(
    group: ShardGroup, kind: str, edges: Edges, user_id: int, direction: Direction
) -> AsyncIterator[list[dict[str, Any]]]:
    """At least one page, so that an empty list still gets its document."""
    after = 0
    while True:
        ids = await other_ends(group, kind, user_id, direction, after=after, limit=_EDGES_PAGE_MAX)
        find_states = edges.states if direction == "out" else edges.states_in
        states = await find_states(user_id, ids)
        cards = await card_facts_by_ids(group, ids)
        yield [
            {"id": id_, "username": cards[id_].username, "state": states[id_]}
            for id_ in ids
            if id_ in cards and id_ in states
        ]
        if len(ids) < _EDGES_PAGE_MAX:
            return
        after = ids[-1]
