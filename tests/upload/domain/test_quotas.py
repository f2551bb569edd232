"""Whether one more photo fits."""

import pytest

from services.upload.domain.quotas import AccountIsFull, DayIsFull, Quota, check_room

QUOTA = Quota(photos_max=3, photos_a_day_max=2)


def test_there_is_room_below_both_limits() -> None:
    check_room(QUOTA, photos=2, photos_a_day=1)


def test_a_full_account_is_reported_before_a_full_day() -> None:
    with pytest.raises(AccountIsFull):
        check_room(QUOTA, photos=3, photos_a_day=2)


def test_a_full_day_gives_a_retry_time() -> None:
    with pytest.raises(DayIsFull) as refused:
        check_room(QUOTA, photos=2, photos_a_day=2)
    assert refused.value.retry_after_s
