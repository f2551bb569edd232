"""What an id tells: 41 bits of milliseconds since 2025, 13 bits of shard, 10 bits of sequence."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
EPOCH_MS = int(EPOCH.timestamp() * 1000)

SHARD_COUNT_MAX = 8192

_SEQUENCE_BITS = 10
_SHARD_BITS = 13
_MS_SHIFT = _SEQUENCE_BITS + _SHARD_BITS


def shard_bits(id: int) -> int:  # noqa: A002 - the word of the glossary
    """The shard in which the id was made, before any mask of a group with fewer shards."""
    return (id >> _SEQUENCE_BITS) & (SHARD_COUNT_MAX - 1)


def created_ms(id: int) -> int:  # noqa: A002
    """Milliseconds since 1970 at which the id was made, by the clock of its database."""
    return (id >> _MS_SHIFT) + EPOCH_MS


def created_at(id: int) -> datetime:  # noqa: A002
    """When the id was made, in UTC; exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=id >> _MS_SHIFT)


def first_id_at(ms: int) -> int:
    """The smallest id that any shard could make at `ms` milliseconds since 1970."""
    return (ms - EPOCH_MS) << _MS_SHIFT
