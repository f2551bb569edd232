"""Ids after a restore are above all ids issued before the loss."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from infra.backups.after_restore import id_clock_floor
from infra.backups.state import still_listed
from shared.ids import first_id_at

_MOMENTS = st.integers(0, 400_000_000).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(newest=_MOMENTS, later_s=st.integers(0, 119))
def test_no_id_of_before_the_loss_comes_again(newest: datetime, later_s: int) -> None:
    given_out = first_id_at(int((newest + timedelta(seconds=later_s)).timestamp() * 1000))
    assert id_clock_floor(newest) << 13 > given_out


def test_a_deletion_is_listed_for_as_long_as_a_backup_may_hold_the_account() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    erased = {1: now - timedelta(days=14), 2: now - timedelta(days=16)}
    assert list(still_listed(erased, now, timedelta(days=15))) == [1]
