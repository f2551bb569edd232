"""Ids contain their shard and their time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import EPOCH, SHARD_COUNT_MAX, created_at, created_ms, first_id_at, shard_bits

milliseconds = st.integers(min_value=0, max_value=2**40 - 1)
shards = st.integers(min_value=0, max_value=SHARD_COUNT_MAX - 1)
sequences = st.integers(min_value=0, max_value=1023)


@given(milliseconds, shards, sequences)
def test_an_id_tells_its_shard_and_its_millisecond(ms: int, shard: int, sequence: int) -> None:
    made = (ms << 23) | (shard << 10) | sequence
    assert shard_bits(made) == shard
    assert created_ms(made) == ms + int(EPOCH.timestamp() * 1000)
    assert created_at(made) == EPOCH + timedelta(milliseconds=ms)


@given(milliseconds, shards, sequences)
def test_no_id_of_a_moment_is_below_its_first_one(ms: int, shard: int, sequence: int) -> None:
    made = (ms << 23) | (shard << 10) | sequence
    assert first_id_at(created_ms(made)) <= made < first_id_at(created_ms(made) + 1)


def test_ids_last_until_2059() -> None:
    assert created_at(2**63 - 1).year == 2059
    assert created_at(0) == datetime(2025, 1, 1, tzinfo=UTC)
