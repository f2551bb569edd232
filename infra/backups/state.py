"""What the keeper knows beside the backups: the newest common mark, and the accounts deleted.

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
class Mark:
    """Up to `moment` the archives of all primaries are whole, and all photos are copied.

    Every primary committed something right after `committed_at`, in the segments of WAL that are
    named here, and nothing between that and `moment`.
    """

    moment: datetime
    committed_at: datetime
    segments: Mapping[str, str]


async def write_mark(bucket: Bucket, place: Place, mark: Mark) -> None:
    """Replace the mark."""
    document = {
        "moment": mark.moment.isoformat(),
        "committed_at": mark.committed_at.isoformat(),
        "segments": dict(mark.segments),
    }
    await _write(bucket, place, _MARK, document)


async def read_mark(bucket: Bucket, place: Place) -> Mark | None:
    """The newest mark; None before the first."""
    document = await _read(bucket, place, _MARK)
    if not isinstance(document, dict):
        return None
    return Mark(
        datetime.fromisoformat(document["moment"]),
        datetime.fromisoformat(document["committed_at"]),
        document["segments"],
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
