"""What the keeper knows beside the backups: how far they reach, and the accounts deleted.

Both lie in the bucket, sealed, outside the databases: a restore needs them when those are old.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.backups.bucket import Bucket
from infra.backups.place import Place
from infra.backups.sealing import seal, unseal

_ERASURES = "list of erasures"
_MARK = "mark"


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to `moment` the archive of one primary is whole.

    It committed something right after `committed_at`, in this segment of WAL, and nothing between
    that and `moment`.
    """

    moment: datetime
    committed_at: datetime
    segment: str


@dataclass(frozen=True, slots=True)
class Mark:
    """How far each primary can be restored, by its name; the photos of then are copied.

    One whose archive does not follow stays behind, and the others go on.
    """

    reaches: Mapping[str, Reach]

    @property
    def moment(self) -> datetime:
        """Up to here all of them can be restored."""
        return min(reach.moment for reach in self.reaches.values())

    @property
    def newest(self) -> datetime:
        """No primary is known beyond this."""
        return max(reach.moment for reach in self.reaches.values())


async def write_mark(bucket: Bucket, place: Place, mark: Mark) -> None:
    """Replace the mark."""
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
    """The newest mark; None before the first."""
    document = await _read(bucket, place, _MARK)
    if not isinstance(document, dict) or not document:
        return None
    if "segments" in document:
        # Bucket of before each primary had a reach of its own.
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
    """Replace the list: ids of accounts and when their deletion was asked for."""
    document = {str(user_id): moment.isoformat() for user_id, moment in sorted(erased.items())}
    await _write(bucket, place, _ERASURES, document)


async def read_erasures(bucket: Bucket, place: Place) -> dict[int, datetime]:
    """All accounts that were deleted within the life of a backup."""
    document = await _read(bucket, place, _ERASURES)
    if not isinstance(document, dict):
        return {}
    return {int(user_id): datetime.fromisoformat(moment) for user_id, moment in document.items()}


def still_listed(
    erased: Mapping[int, datetime], now: datetime, keep: timedelta
) -> dict[int, datetime]:
    """Those that some backup may still hold; an older one is in none."""
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
    """A moment as people give it to `make restore`, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
