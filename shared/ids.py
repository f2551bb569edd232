"""Decodes ids: 41 bits of milliseconds since 2025, 13 bits of shard, 10 bits of sequence."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
EPOCH_MS = int(EPOCH.timestamp() * 1000)

SHARD_COUNT_MAX = 8192

_SEQUENCE_BITS = 10
_SHARD_BITS = 13
_MS_SHIFT = _SEQUENCE_BITS + _SHARD_BITS


def shard_bits(id: int) -> int:  # noqa: A002 - the word of the glossary
    """Return the 13 shard bits; a group with fewer shards masks them further."""
    return (id >> _SEQUENCE_BITS) & (SHARD_COUNT_MAX - 1)


def created_ms(id: int) -> int:  # noqa: A002
    """Return the Unix time in milliseconds of the id, by the clock of its database."""
    return (id >> _MS_SHIFT) + EPOCH_MS


def created_at(id: int) -> datetime:  # noqa: A002
    """Return the time of the id in UTC, exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=id >> _MS_SHIFT)


def first_id_at(ms: int) -> int:
    """Return the smallest id that any shard can make at Unix time `ms`."""
    return (ms - EPOCH_MS) << _MS_SHIFT
