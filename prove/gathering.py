"""Waits until the suite is quiet, and reads what it holds of a run, from databases and API."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from asyncpg import Record

from infra.plan.parts import Database, Member
from prove.checks.timelines import ENTRIES_MAX
from prove.history import History
from prove.members import Connection, by_service, connect, leader_of, over_shards, schemas_on
from prove.people import Session
from prove.state import (
    CommentRow,
    CountRow,
    EdgeRow,
    HeardRow,
    PhotoRow,
    PostRow,
    State,
    WaitingRow,
)
from shared.sharding import job_queue
from tests.eventually import eventually
from tests.suite import Suite

QUIET_WITHIN_S = 180.0
REPLAYED_WITHIN_S = 60.0
_PAGE_LIMIT = 40
_READ_WITHIN_S = 60.0
_AT_ONCE = 8

# $1 holds the ids of the run's people, and each SELECT is repeated for every shard.
_QUERIES: Mapping[str, Mapping[str, str]] = {
    "users": {
        "profiles": "SELECT user_id, display_name, bio, version FROM {schema}.profile"
        " WHERE user_id = ANY($1)",
    },
    "upload": {
        "photos": "SELECT {shard} AS shard, id, owner_id, encode(sha256, 'hex') AS sha256, state,"
        " published, post_id FROM {schema}.photo WHERE owner_id = ANY($1)",
    },
    "feed": {
        "posts": "SELECT {shard} AS shard, id, author_id, caption, photos::text AS photos"
        " FROM {schema}.post WHERE withdrawn_at IS NULL AND author_id = ANY($1)",
        "comments": "SELECT {shard} AS shard, id, post_id, writer_id, text FROM {schema}.comment"
        " WHERE deleted_at IS NULL AND writer_id = ANY($1)",
        "comment_counts": "SELECT post_id, sum(count)::bigint AS count FROM {schema}.comment_count"
        " WHERE post_id = ANY(SELECT id FROM {schema}.post WHERE author_id = ANY($1))"
        " GROUP BY post_id",
        "post_counts": "SELECT author_id, post_count FROM {schema}.author"
        " WHERE author_id = ANY($1)",
        "heard": "SELECT actor_id, edge, subject_id, version FROM {schema}.graph_version"
        " WHERE actor_id = ANY($1)",
        "noted": "SELECT recipient_id, subject_id FROM {schema}.activity"
        " WHERE kind = 'comment' AND recipient_id = ANY($1)",
    },
}
# Edges of both services: both sides, and the counts of every node that stands on one of them.
_EDGES = {
    "out_edges": "SELECT kind, src, dst, state, version FROM {schema}.edge_out"
    " WHERE src = ANY($1) AND kind IN ('follow', 'like', 'save')",
    "in_edges": "SELECT kind, src, dst, state, version FROM {schema}.edge_in"
    " WHERE src = ANY($1) AND kind IN ('follow', 'like', 'save')",
    "edge_counts": "SELECT kind, node, in_count, out_count FROM {schema}.edge_count AS c"
    " WHERE kind IN ('follow', 'like', 'save') AND (node = ANY($1) OR EXISTS"
    " (SELECT FROM {schema}.edge_in AS e"
    " WHERE e.kind = c.kind AND e.dst = c.node AND e.src = ANY($1)))",
}
_WAITING = (
    "SELECT {shard} AS shard, topic, position, parked_because IS NOT NULL AS parked"
    " FROM {schema}.outbox"
)
_JOBS = f"""
SELECT count(*) FROM {job_queue.SCHEMA}.{job_queue.TABLE} WHERE execute_after <= now()
"""

Rows = dict[str, list[Record]]


async def gather_state(suite: Suite, history: History, sessions: Sequence[Session]) -> State:
    """Wait until events and jobs are done, at most QUIET_WITHIN_S, then read everything."""
    state = State()
    await _await_quiet(suite, state)
    ids = [person.id for person in history.people]
    for service, databases in by_service(suite).items():
        for database in databases:
            async with leader_of(suite, database) as connection:
                rows = await _rows_of(connection, service, ids)
            _keep(state, rows)
            state.unlike_replicas += await _unlike_replicas(suite, database, ids, rows)
    await _read_homes(state, sessions)
    return state


async def _await_quiet(suite: Suite, state: State) -> None:
    async def check() -> None:
        state.waiting, state.jobs = [], {}
        for service, databases in by_service(suite).items():
            for database in databases:
                async with leader_of(suite, database) as connection:
                    statement = over_shards(await schemas_on(connection), _WAITING)
                    rows = await connection.fetch(statement)
                    state.jobs[database.name] = await connection.fetchval(_JOBS)
                state.waiting += [WaitingRow(service, *row.values()) for row in rows]
        assert not state.waiting
        assert not any(state.jobs.values())

    # What is left after this time is a finding, not a failure of the tool.
    try:
        await eventually(check, within_s=QUIET_WITHIN_S, every_s=1.0)
    except AssertionError:
        return


async def _rows_of(connection: Connection, service: str, ids: list[int]) -> Rows:
    schemas = await schemas_on(connection)
    queries = {**_QUERIES[service], **(_EDGES if service != "upload" else {})}
    return {
        name: await connection.fetch(over_shards(schemas, select), ids)
        for name, select in queries.items()
    }


async def _unlike_replicas(
    suite: Suite, database: Database, ids: list[int], rows: Rows
) -> list[str]:
    """Return the replicas that hold other rows, though they had time to replay all."""
    found = []
    for member in database.members:
        try:
            await eventually(
                partial(_same_rows, suite, member, ids, rows),
                within_s=REPLAYED_WITHIN_S,
                every_s=1.0,
            )
        except AssertionError:
            found.append(member.name)
    return found


async def _same_rows(suite: Suite, member: Member, ids: list[int], rows: Rows) -> None:
    connection = await connect(suite, member)
    try:
        held = await _rows_of(connection, member.service, ids)
    finally:
        await connection.close(timeout=1)
    for name, wanted in rows.items():
        assert {tuple(row.values()) for row in held[name]} == {
            tuple(row.values()) for row in wanted
        }


def _keep(state: State, rows: Rows) -> None:
    for name, found in rows.items():
        for row in found:
            _KEPT[name](state, row)


def _keep_post(state: State, row: Record) -> None:
    photo_ids = [int(photo["id"]) for photo in orjson.loads(row["photos"])]
    state.posts.append(
        PostRow(row["shard"], row["id"], row["author_id"], row["caption"], photo_ids)
    )


def _keep_profile(state: State, row: Record) -> None:
    fields = {name: row[name] for name in ("display_name", "bio", "version")}
    state.profiles[row["user_id"]] = fields


_KEPT: Mapping[str, Callable[[State, Record], None]] = {
    "posts": _keep_post,
    "profiles": _keep_profile,
    "noted": lambda state, row: state.noted.append((row[0], row[1])),
    "comments": lambda state, row: state.comments.append(CommentRow(*row.values())),
    "photos": lambda state, row: state.photos.append(PhotoRow(*row.values())),
    "heard": lambda state, row: state.heard.append(HeardRow(*row.values())),
    "out_edges": lambda state, row: state.out_edges.append(EdgeRow(*row.values())),
    "in_edges": lambda state, row: state.in_edges.append(EdgeRow(*row.values())),
    "edge_counts": lambda state, row: state.edge_counts.append(CountRow(*row.values())),
    "comment_counts": lambda state, row: state.comment_counts.update({row[0]: row[1]}),
    "post_counts": lambda state, row: state.post_counts.update({row[0]: row[1]}),
}


async def _read_homes(state: State, sessions: Sequence[Session]) -> None:
    """Page through each person's home timeline, as a phone does."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(session: Session) -> None:
        async with places:
            state.homes[session.person.id] = await _home_of(state, session)

    await asyncio.gather(*map(one, sessions))


async def _home_of(state: State, session: Session) -> list[int]:
    ids: list[int] = []
    path = f"/v1/timelines/home?limit={_PAGE_LIMIT}"
    cursor = ""
    for _page in range(ENTRIES_MAX):
        said = await _page_of(session, path + cursor)
        for item in said["items"]:
            ids.append(int(item["id"]))
            state.shown_likes[int(item["id"])] = item["counts"]["likes"]
        if said["next_cursor"] is None or len(ids) > ENTRIES_MAX:
            break
        cursor = f"&cursor={said['next_cursor']}"
    return ids


async def _page_of(session: Session, path: str) -> Mapping[str, Any]:
    async def ask() -> Mapping[str, Any]:
        answer = await session.read(path)
        assert answer.outcome == "ok", answer
        assert answer.said["completeness"] == "complete", answer
        return answer.said

    return await eventually(ask, within_s=_READ_WITHIN_S, every_s=0.5)
