"""How many photos an account may have, and how many it may send in a day."""

from dataclasses import dataclass

from shared.errors import QuotaExceeded, TooManyRequests


@dataclass(frozen=True, slots=True)
class Quota:
    """The most photos of one owner, in all and in any 24 hours.

    A photo's renditions take some 300 KB: an account has room for about 15 GB. Nobody publishes
    more than ten photos a post and some dozens of posts a day.
    """

    photos_max: int = 50_000
    photos_a_day_max: int = 1_000


QUOTA = Quota()
# The window moves: within an hour, some of yesterday's photos no longer count.
_RETRY_AFTER_S = 3600
# Somebody has to make room.
ROOM_RETRY_S = 300


class AccountIsFull(QuotaExceeded):
    """It has as many photos as an account may have."""

    title = "This account has no room for more photos; delete some first."


class DayIsFull(TooManyRequests):
    """It has sent as many photos in the last 24 hours as it may."""

    code = "too_many_photos_today"
    title = "No more photos today; try again tomorrow."


class NoRoomForPhotos(QuotaExceeded):
    """The disk of some database is almost full: photos are refused before anything else is."""

    title = "There is no room for new photos at the moment; try again later."


def check_room(quota: Quota, *, photos: int, photos_a_day: int) -> None:
    """Is there room for one more? Raises AccountIsFull or DayIsFull."""
    if photos >= quota.photos_max:
        raise AccountIsFull
    if photos_a_day >= quota.photos_a_day_max:
        raise DayIsFull(retry_after_s=_RETRY_AFTER_S)
