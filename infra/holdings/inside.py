"""Reads what a database says about itself: its copy of the ledger, its shards and its clocks."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import asyncpg

from infra.control.closing import close_connection
from infra.control.health import connect_superuser
from infra.elsewhere.sessions import connect_operator
from infra.holdings.ledger import Ledger, ledger_text, parse_ledger
from infra.plan.parts import Member
from infra.suite import Suite

Connection = asyncpg.Connection

_CREATE = """
CREATE SCHEMA IF NOT EXISTS suite;
CREATE TABLE IF NOT EXISTS suite.ledger (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    primary_name text NOT NULL,
    document jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON suite.ledger FROM PUBLIC;
REVOKE ALL ON SCHEMA suite FROM PUBLIC;
"""
_WRITE = """
INSERT INTO suite.ledger (primary_name, document) VALUES ($1, $2::jsonb)
ON CONFLICT (only_row) DO UPDATE
SET primary_name = excluded.primary_name, document = excluded.document, written_at = now()
"""
# Earlier versions let every role read it.
_IS_CLOSED = """
SELECT coalesce(NOT has_schema_privilege('public', to_regnamespace('suite')::oid, 'USAGE'), false)
"""
_IS_THERE = "SELECT to_regclass('suite.ledger') IS NOT NULL"
_READ = "SELECT primary_name, document::text FROM suite.ledger"
_SCHEMAS = """
SELECT nspname, obj_description(oid, 'pg_namespace') AS said
FROM pg_namespace WHERE nspname ~ '^shard_[0-9]{4}$' ORDER BY nspname
"""
_SEEN = """
SELECT system_identifier::text, timeline_id,
       (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS position,
       (SELECT coalesce(max(last_value), 0) >> 10 FROM pg_sequences
         WHERE sequencename = 'id_clock') AS id_clock_ms
FROM pg_control_system(), pg_control_checkpoint()
"""
_HOME = re.compile(r"home=(\S+) version=(\d+)(?: suite=(\S+))?")


@dataclass(frozen=True, slots=True)
class Claim:
    """A shard's schema on a primary, with its comment's contents; '' and 0 without a comment."""

    shard: int
    primary: str  # where the schema was found
    said_home: str = ""
    version: int = 0
    suite: str = ""  # only in databases of somebody else, which have no ledger


@dataclass(frozen=True, slots=True)
class Inside:
    """What one primary's database says; everything is empty without a database."""

    primary: str
    ledger: Ledger | None = None
    ledger_of: str = ""  # the primary for which the ledger was written
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """The present state of a running primary; `position` is in bytes of WAL."""

    system_identifier: str
    timeline: int
    position: int
    id_clock_ms: int


async def look_inside(suite: Suite, node: Member) -> Inside:
    """Read the database of a running primary, which may not exist yet."""
    try:
        connection = await connect_operator(suite, node)
    except asyncpg.InvalidCatalogNameError:
        return Inside(node.name)
    try:
        claims = tuple(
            _claim(row["nspname"], node.name, row["said"] or "")
            for row in await connection.fetch(_SCHEMAS)
        )
        row = None
        is_ours = suite.plan.groups[node.service].is_ours
        if is_ours and await connection.fetchval(_IS_THERE):
            row = await connection.fetchrow(_READ)
    finally:
        await close_connection(connection)
    if row is None:
        return Inside(node.name, claims=claims)
    ledger = parse_ledger(json.loads(row["document"]), f"suite.ledger of {node.name}")
    return Inside(node.name, ledger, row["primary_name"], claims)


def _claim(schema: str, primary: str, said: str) -> Claim:
    shard = int(schema.removeprefix("shard_"))
    home = _HOME.fullmatch(said)
    if home is None:
        return Claim(shard, primary)
    return Claim(shard, primary, home[1], int(home[2]), home[3] or "")


async def see(suite: Suite, node: Member) -> Seen:
    """Return the present state of a running primary."""
    connection = await connect_superuser(suite, node, database=node.service)
    try:
        row = await connection.fetchrow(_SEEN)
        return Seen(*(row or ()))
    finally:
        await close_connection(connection)


async def write_inside(suite: Suite, node: Member, ledger: Ledger) -> None:
    """Write a copy of the ledger into the primary's database."""
    connection = await connect_superuser(suite, node, database=node.service, writes=True)
    try:
        if not await connection.fetchval(_IS_CLOSED):
            await connection.execute(_CREATE)
        await connection.execute(_WRITE, node.name, ledger_text(ledger))
    finally:
        await close_connection(connection)


async def say_homes(
    suite: Suite, node: Member, shards: Collection[int], version: int, *, of: str = ""
) -> None:
    """Write the primary and the map's version into the comment of each shard's schema.

    `of` is the suite's id, for databases in which no ledger says it.
    """
    said = f"home={node.name} version={version}" + (f" suite={of}" if of else "")
    statements = [f"COMMENT ON SCHEMA shard_{shard:04d} IS '{said}';" for shard in sorted(shards)]
    connection = await connect_operator(suite, node, writes=True)
    try:
        await connection.execute("\n".join(["BEGIN;", *statements, "COMMIT;"]))
    finally:
        await close_connection(connection)


def claims_of(insides: Mapping[str, Inside]) -> list[Claim]:
    """Return the claims of all primaries in the order of shards."""
    claims = [claim for inside in insides.values() for claim in inside.claims]
    return sorted(claims, key=lambda claim: (claim.shard, claim.primary))
