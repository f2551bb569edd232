"""The short form of `make prove`: nothing is lost under faults, and what is planted is found."""

from collections.abc import AsyncIterator

import pytest

from prove.checks.every_check import check_all
from prove.gathering import gather_state
from prove.members import leader_of
from prove.people import hang_up
from prove.run import Plan, Proof, Run
from tests.suite import Suite

# Few people and quick faults of each kind that a short time allows.
PLAN = Plan(
    seed=24,
    seconds=20.0,
    clients=8,
    per_second=30.0,
    kinds=("kill feed", "kill primary", "kill worker", "freeze users", "away redis"),
    pace=0.25,
)

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def proof(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proof]:
    found = await Run(suite, tmp_path_factory.mktemp("proof"), PLAN).finish()
    yield found
    await hang_up(found.sessions)


async def _kinds(suite: Suite, proof: Proof) -> set[str]:
    state = await gather_state(suite, proof.history, proof.sessions)
    return {one.kind for found in check_all(proof.history, state).values() for one in found}


async def test_nothing_acknowledged_is_lost(proof: Proof) -> None:
    assert [one for all_ in check_all(proof.history, proof.state).values() for one in all_] == []
    assert len([one for one in proof.history.of_kind("comment") if one.outcome == "ok"]) > 10
    assert proof.history.faults


async def test_a_removed_row_is_found(suite: Suite, proof: Proof) -> None:
    row = proof.state.comments[0]
    (database,) = (
        one
        for one in suite.plan.groups["feed"].databases
        if one.first_shard <= row.shard <= one.last_shard
    )
    table = f"shard_{row.shard:04d}.comment"
    async with leader_of(suite, database) as feed:
        (kept,) = await feed.fetch(f"DELETE FROM {table} WHERE id = $1 RETURNING comment", row.id)
    try:
        assert {"lost", "counter"} <= await _kinds(suite, proof)
    finally:
        async with leader_of(suite, database) as feed:
            columns = ", ".join(f"${number + 1}" for number in range(len(kept["comment"])))
            await feed.execute(f"INSERT INTO {table} VALUES ({columns})", *kept["comment"])
    assert not await _kinds(suite, proof)


async def test_a_write_that_is_repeated_without_its_key_is_found(
    suite: Suite, proof: Proof
) -> None:
    row = proof.state.comments[0]
    session = next(one for one in proof.sessions if one.person.id == row.writer_id)
    path = f"/v1/posts/{row.post_id}/comments"
    answer = await session.sender.read(session.request("POST", path, {"text": row.text}))
    assert answer.outcome == "ok", answer
    assert await _kinds(suite, proof) == {"duplicated"}
