"""The keeper's state: how far the backups reach, and which accounts were deleted.

Both are sealed in the bucket and not in the databases, because a restore needs their newest state.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from infra.backups.bucket import Bucket
from infra.backups.place import Place
from infra.backups.sealing import seal, unseal

_ERASURES = "list of erasures"
_MARK = "mark"
_IDENTITY = "identity"
_IDENTITY_BYTES = 8


@dataclass(frozen=True, slots=True)
class Reach:
    """One primary's archive is complete up to `moment`.

    The primary committed a mark right after `committed_at`, in this WAL segment, and no row between
    that and `moment`.
    """

    moment: datetime
    committed_at: datetime
    segment: str


@dataclass(frozen=True, slots=True)
class Mark:
    """How far each primary can be restored, by name; the photos up to then are copied.

    A primary whose archive does not follow keeps its older reach.
    """

    reaches: Mapping[str, Reach]

    @property
    def moment(self) -> datetime:
        """The newest time to which all primaries can be restored."""
        return min(reach.moment for reach in self.reaches.values())

    @property
    def newest(self) -> datetime:
        """The newest time to which any primary can be restored."""
        return max(reach.moment for reach in self.reaches.values())


async def read_identity(bucket: Bucket, place: Place) -> str | None:
    """Read the random identity of the suite's backups; None before the first."""
    found = await bucket.find(_key(place, _IDENTITY))
    return None if found is None else found.decode("ascii", "replace")


async def identify(bucket: Bucket, place: Place) -> str:
    """Read the identity of the backups, after writing one if they have none yet."""
    identity = await read_identity(bucket, place)
    if identity is None:
        identity = token_hex(_IDENTITY_BYTES)
        await bucket.put(_key(place, _IDENTITY), identity.encode())
    return identity


async def write_mark(bucket: Bucket, place: Place, mark: Mark) -> None:
    """Replace the stored mark."""
    document = {
        name: {
            "moment": reach.moment.isoformat(),
            "committed_at": reach.committed_at.isoformat(),
            "segment": reach.segment,
        }
        for name, reach in mark.reaches.items()
    }
    await _write(bucket, place, _MARK, document)


async def read_mark(bucket: Bucket, place: Place) -> Mark | None:
    """Read the mark; None before the first."""
    document = await _read(bucket, place, _MARK)
    if not isinstance(document, dict) or not document:
        return None
    if "segments" in document:
        # An older format with one time for all primaries.
        document = {
            name: {**document, "segment": segment} for name, segment in document["segments"].items()
        }
    return Mark(
        {
            name: Reach(
                datetime.fromisoformat(reach["moment"]),
                datetime.fromisoformat(reach["committed_at"]),
                reach["segment"],
            )
            for name, reach in document.items()
        }
    )


async def write_erasures(bucket: Bucket, place: Place, erased: Mapping[int, datetime]) -> None:
    """Replace the list of account ids and the times of their deletion requests."""
    document = {str(user_id): moment.isoformat() for user_id, moment in sorted(erased.items())}
    await _write(bucket, place, _ERASURES, document)


async def read_erasures(bucket: Bucket, place: Place) -> dict[int, datetime]:
    """Read the list of deleted accounts that some backup may still contain."""
    document = await _read(bucket, place, _ERASURES)
    if not isinstance(document, dict):
        return {}
    return {int(user_id): datetime.fromisoformat(moment) for user_id, moment in document.items()}


def still_listed(
    erased: Mapping[int, datetime], now: datetime, keep: timedelta
) -> dict[int, datetime]:
    """Return the deletions whose accounts some backup may still contain: none older than `keep`."""
    return {user_id: moment for user_id, moment in erased.items() if now - moment <= keep}


async def _write(bucket: Bucket, place: Place, purpose: str, document: object) -> None:
    content = json.dumps(document).encode()
    await bucket.put(_key(place, purpose), seal(place.passphrase, purpose, content))


async def _read(bucket: Bucket, place: Place, purpose: str) -> object:
    sealed = await bucket.find(_key(place, purpose))
    if sealed is None:
        return None
    return json.loads(unseal(place.passphrase, purpose, sealed))


def _key(place: Place, purpose: str) -> str:
    return place.key("state", purpose.replace(" ", "-"))


def spelled(moment: datetime) -> str:
    """Format a time in UTC as `make restore` accepts it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
