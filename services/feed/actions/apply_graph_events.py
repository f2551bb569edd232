"""Updates home timelines when the follow graph changes."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.feed.actions.tell_of_deeds import note_and_tell
from services.feed.domain.activity import Deed
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.store.activities import Told
from services.feed.store.author_entries import celebrities_among, newest_of_authors
from services.feed.store.graph_versions import is_newest, note_version
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.stream_events import StreamEvents
from shared.contracts.activity import ActivityKind
from shared.contracts.people import GraphEvent
from shared.sharding.shard_group import ShardGroup

# At most this many posts of a new followee are merged into an existing timeline. If there are more,
# the timeline's floor rises to the next older one; reads below it go to Postgres.
BACK_FILL_MAX = 200

_ACTORS_AT_ONCE = 8


async def apply_graph_events(
    group: ShardGroup,
    timelines: HomeTimelines,
    stream: StreamEvents,
    events: Sequence[GraphEvent],
) -> None:
    """Apply the events, except those older than the version known of their pair.

    Repeating an event does no harm. Events of one actor run in order. Raises Unavailable; the
    caller then sends the whole batch again.
    """
    gate = asyncio.Semaphore(_ACTORS_AT_ONCE)

    async def apply_in_order(of_actor: Sequence[GraphEvent]) -> None:
        async with gate:
            for event in of_actor:
                if await note_version(group, event):
                    await _apply(group, timelines, event)
                    await note_and_tell(group, stream, told_of(event))

    ends = await asyncio.gather(
        *(apply_in_order(of_actor) for of_actor in _by_actor(events)), return_exceptions=True
    )
    # Wait for all of them before raising: a repeated event must not overtake one still running.
    for fault in ends:
        if fault is not None:
            raise fault


async def confirm_graph_event(
    group: ShardGroup, timelines: HomeTimelines, event: GraphEvent
) -> None:
    """Apply an event again, once every job that was running when it happened has ended.

    A delivery that read the followers before an unfollow may have pushed after it. One that read
    them before a follow was mirrored may have skipped the new follower.
    """
    if await is_newest(group, event):
        await _apply(group, timelines, event)


async def _apply(group: ShardGroup, timelines: HomeTimelines, event: GraphEvent) -> None:
    actor_id, subject_id = event["actor_id"], event["subject_id"]
    match event["kind"]:
        case "follow":
            await _back_fill(group, timelines, actor_id, subject_id)
        case "unfollow":
            # Entries do not name their authors, so the next read rebuilds the list without this
            # one.
            await timelines.drop(actor_id)
        case "block":
            await timelines.drop(actor_id)
            await timelines.drop(subject_id)
        case "deletion":
            # The posts go when users asks feed to erase the account; may_view hides them until
            # then.
            await timelines.drop(actor_id)
        case "privacy" | "request":
            # Feed asks users at every read who may see what; timelines hold nothing about it.
            return


async def _back_fill(
    group: ShardGroup, timelines: HomeTimelines, viewer_id: int, author_id: int
) -> None:
    if not await timelines.exists(viewer_id):
        # The read that builds the timeline asks users for all followees, including the new one.
        return
    found = await newest_of_authors(group, {author_id: ABOVE_ALL}, BACK_FILL_MAX + 1)
    ids = found.ids_by_author.get(author_id, [])
    floor = ids[BACK_FILL_MAX] if len(ids) > BACK_FILL_MAX else 0
    if (await celebrities_among(group, [author_id])).ids:
        # Mark first: from here on, the author's posts may reach this reader only by merging.
        await timelines.mark_celebrity(author_id, [viewer_id])
    await timelines.merge(viewer_id, ids[:BACK_FILL_MAX], floor)


def told_of(event: GraphEvent) -> list[Told]:
    """List what the subject of a follow or of a follow request is told, and what is taken back."""
    kind = event["kind"]
    if kind not in {"follow", "unfollow", "request"}:
        return []

    def told(of: ActivityKind, *, is_done: bool) -> Told:
        deed = Deed(of, event["actor_id"], event["actor_id"], None, event["version"])
        return Told(event["subject_id"], deed, is_done)

    return [
        told("follow", is_done=kind == "follow"),
        told("follow_request", is_done=kind == "request"),
    ]


def _by_actor(events: Iterable[GraphEvent]) -> list[list[GraphEvent]]:
    by_actor: dict[int, list[GraphEvent]] = defaultdict(list)
    for event in events:
        by_actor[event["actor_id"]].append(event)
    return list(by_actor.values())
