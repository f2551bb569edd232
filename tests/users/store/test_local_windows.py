"""Sliding windows in memory, within a bound."""

from services.users.domain.sign_in_limits import Limit
from services.users.store.local_windows import LocalWindows


def test_the_least_recently_used_window_is_forgotten_first() -> None:
    windows, once = LocalWindows(windows_max=2), Limit(1, 60_000)
    for key in ("alice", "bob", "alice", "carol"):
        windows.take(key, once, "a")
    assert windows.take("alice", once, "b") > 0
    assert windows.take("bob", once, "b") == 0


def test_tries_outside_the_window_do_not_count() -> None:
    windows = LocalWindows()
    assert windows.take("alice", Limit(1, 0), "a") == 0
    assert windows.take("alice", Limit(1, 0), "b") == 0
