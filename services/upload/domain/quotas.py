"""Limits of an account's photos, in all and per day."""

from dataclasses import dataclass

from shared.errors import QuotaExceeded, TooManyRequests


@dataclass(frozen=True, slots=True)
class Quota:
    """The most photos of one owner, in all and in any 24 hours.

    Renditions take some 300 KB per photo, so an account can use about 15 GB. Nobody publishes more
    than some dozens of posts a day, of at most ten photos each.
    """

    photos_max: int = 50_000
    photos_a_day_max: int = 1_000


QUOTA = Quota()
# The window slides: within an hour, some of yesterday's photos no longer count.
_RETRY_AFTER_S = 3600
# An operator must free space first.
ROOM_RETRY_S = 300


class AccountIsFull(QuotaExceeded):
    """The account has as many photos as allowed."""

    title = "This account has no room for more photos; delete some first."


class DayIsFull(TooManyRequests):
    """The account has sent as many photos in the last 24 hours as allowed."""

    code = "too_many_photos_today"
    title = "No more photos today; try again tomorrow."


class NoRoomForPhotos(QuotaExceeded):
    """A database's disk is almost full; photos are the first thing refused."""

    title = "There is no room for new photos at the moment; try again later."


def check_room(quota: Quota, *, photos: int, photos_a_day: int) -> None:
    """Raise AccountIsFull or DayIsFull unless one more photo fits."""
    if photos >= quota.photos_max:
        raise AccountIsFull
    if photos_a_day >= quota.photos_a_day_max:
        raise DayIsFull(retry_after_s=_RETRY_AFTER_S)
