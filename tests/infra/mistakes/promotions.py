"""Each primary is lost with writes that its replica lacks, and the replica is promoted."""

import re
import shutil
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack

import httpx

from infra.plan.planning import plan_of
from infra.topology import load_topology
from tests.eventually import eventually
from tests.infra.mistakes.people import PASSING, Person
from tests.infra.mistakes.stage import Stage
from tests.journeys.phone import Phone, sign_in

Situation = Callable[[Stage], Awaitable[None]]
Rows = set[tuple[str, str]]
NEW_FOLLOWS = 3
_TABLES = """
SELECT schemaname || '."' || tablename || '"' AS name FROM pg_tables
WHERE schemaname ~ '^shard_[0-9]{4}$' AND tablename !~ $1 ORDER BY 1
"""
_CLOCKS = """
SELECT schemaname, last_value FROM pg_sequences
WHERE sequencename = 'id_clock' AND last_value IS NOT NULL
"""
_CAUGHT_UP = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


async def _rows(stage: Stage, node: str) -> Rows:
    """Return every lasting row with its table."""
    found: Rows = set()
    async with stage.suite().postgres(node) as connection:
        names = await connection.fetch(_TABLES, "^(" + "|".join(PASSING) + ")")
        for begin in range(0, len(names), 100):
            parts = [
                f"SELECT '{row['name']}' AS name, t::text AS row FROM {row['name']} t"
                for row in names[begin : begin + 100]
            ]
            rows = await connection.fetch(" UNION ALL ".join(parts))
            found |= {(row["name"], row["row"]) for row in rows}
    return found


async def _clocks(stage: Stage, node: str) -> dict[str, int]:
    async with stage.suite().postgres(node) as connection:
        return {row["schemaname"]: row["last_value"] for row in await connection.fetch(_CLOCKS)}


async def _caught_up(stage: Stage, node: str) -> None:
    async with stage.suite().postgres(node) as connection:
        position = await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")

    async def check() -> None:
        async with stage.suite().postgres(f"{node}-replica") as replica:
            assert await replica.fetchval(_CAUGHT_UP, position)

    await eventually(check)


async def _write_more(stage: Stage, people: list[Person]) -> None:
    """Let each person follow others, like their posts, and publish a picture."""
    async with AsyncExitStack() as stack:
        for number, person in enumerate(people):
            session = await sign_in(stage.suite().public_url, person.username)
            http = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=stage.suite().public_url,
                    headers={"Authorization": f"Bearer {session['access_token']}"},
                    timeout=30,
                )
            )
            phone = Phone(http, {"id": person.id, "username": person.username})
            for step in range(2, 2 + NEW_FOLLOWS):
                other = people[(number + step) % len(people)]
                await phone.put(f"/v1/users/{other.id}/follow")
                await phone.put(f"/v1/posts/{other.post}/like")
            await phone.post("lost, perhaps")


async def _edges(stage: Stage, group: str) -> tuple[set[tuple[str, int, int]], ...]:
    """Return all active edges of a group: those of their sources, and those of their targets."""
    sides: tuple[set[tuple[str, int, int]], ...] = (set(), set())
    for database in stage.suite().plan.groups[group].databases:
        async with stage.suite().postgres(database.name) as connection:
            for side, table in zip(sides, ("edge_out", "edge_in"), strict=True):
                selects = (
                    f"SELECT kind, src, dst FROM shard_{shard:04d}.{table} WHERE state = 'active'"
                    for shard in range(database.first_shard, database.last_shard + 1)
                )
                rows = await connection.fetch(" UNION ALL ".join(selects))
                side.update((row["kind"], row["src"], row["dst"]) for row in rows)
    return sides


async def _lose(stage: Stage, node: str) -> tuple[Rows, dict[str, int], int]:
    """Stop the replica, write more, and lose the primary.

    Returns the replica's rows, the primary's id clocks, and the number of rows that are lost.
    """
    suite = stage.suite()
    await _caught_up(stage, node)
    await suite.stop(f"postgres-{node}-replica")
    had = await _rows(stage, node)
    await _write_more(stage, stage.people)
    clocks, written = await _clocks(stage, node), await _rows(stage, node)
    async with suite.postgres(node) as connection:
        await connection.execute("CHECKPOINT")
    suite.kill_group(f"postgres-{node}")
    shutil.rmtree(stage.path(node) / "base", ignore_errors=True)
    stage.did(f"stopped the replica, wrote more, SIGKILL to {node}, rm -r {node}/base")
    return had, clocks, len(written - had)


def _promote(node: str) -> Situation:
    async def situation(stage: Stage) -> None:
        stage.infra("up")
        had, clocks, unseen = await _lose(stage, node)
        stage.says(["down"], status=0, words=[])
        shutil.rmtree(stage.path(node) / "base", ignore_errors=True)
        stage.says(["up"], status=1, words=[f"make promote P={node}"])
        said = stage.says(["promote", node], status=0, words=["are missing of what was seen"])
        stage.says(["up", "--data-only"], status=0, words=["everything answers"])
        missing = had - await _rows(stage, node)
        later = await _clocks(stage, node)
        back = [shard for shard, value in clocks.items() if later.get(shard, 0) <= value]
        stage.says(["up"], status=0, words=["everything answers"])
        repaired = await _reconciled(stage, node.partition("-")[0])
        await stage.look(same=False)
        lost = re.search(r"(\S+ \S+) are missing of what was seen", said)
        gain_ms = min(later[shard] - value for shard, value in clocks.items()) >> 10 if later else 0
        stage.record.figures = {
            "primary": node,
            "rows that the replica had": str(len(had)),
            "of these missing": str(len(missing)),
            "rows that it had not seen": str(unseen),
            "said to be missing": lost[1] if lost else "nothing",
            "shards whose ids go on below": f"{len(back)} of {len(clocks)}",
            "ids go on above by, at least": f"{gain_ms} ms",
            **repaired,
        }
        if missing or back or stage.record.journey_after != f"{len(stage.people)} of 12":
            stage.record.faults.append(f"{len(missing)} rows are missing, ids of {back} went back")

    situation.__doc__ = f"{node} is lost with writes that its replica never saw; it is promoted"
    situation.__name__ = f"promote_{node.replace('-', '_')}"
    return situation


async def _reconciled(stage: Stage, group: str) -> dict[str, str]:
    """Run `make reconcile GO=1`, then again to see that nothing is left; returns figures."""
    first = stage.infra("reconcile", "--go-on")
    stage.did(f"`make reconcile GO=1` → {first.returncode}")
    stage.record.said.append(" / ".join(first.stdout.split("\n"))[:300])
    stage.says(["reconcile"], status=0, words=[" 0 drifted"])
    outward, inward = await _edges(stage, group)
    if outward != inward:
        stage.record.faults.append(f"{len(outward ^ inward)} edges have one side only")
    line = next((part for part in first.stdout.splitlines() if f"{group}:" in part), "")
    repaired = re.search(r"(\d+) repaired", line)
    return {
        "edges out, in, on both sides": f"{len(outward)}, {len(inward)}, {len(outward & inward)}",
        "repaired": repaired[1] if repaired else "0",
    }


def _primaries() -> Iterable[str]:
    return [database.name for database in plan_of(load_topology()).databases]


PROMOTIONS = [_promote(name) for name in _primaries()]
