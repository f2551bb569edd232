"""What servers say of themselves is judged by what they could know."""

from prove.checks.events import check_events
from prove.checks.primaries import LEARNS_WITHIN_S, check_primaries
from prove.history import Fault, History, NodeSample, Waiting
from prove.state import State


def _primaries(asked_s: float, *faults: Fault) -> list[str]:
    history = History(faults=list(faults))
    history.samples += [
        NodeSample("users-a", "one", True, 1, 1.0, 1.1),
        NodeSample("users-a", "two", True, 2, 12.0, 12.1),
        NodeSample("users-a", "one", True, 1, asked_s, asked_s + 0.1),
    ]
    return [one.kind for one in check_primaries(history, State())]


def test_a_machine_that_stood_still_may_answer_once_it_moves() -> None:
    stall = Fault(1, "stall primary", ("postgres-users-a",), 2.0, 20.0)
    of_another = Fault(1, "stall primary", ("postgres-one",), 2.0, 20.0)
    assert _primaries(20.5) == ["two primaries"]
    assert _primaries(20.5, stall) == ["two primaries"]
    assert _primaries(20.5, of_another) == []
    assert _primaries(20.1 + LEARNS_WITHIN_S, of_another) == ["two primaries"]


def _overtaken(*samples: Waiting) -> int:
    return len(list(check_events(History(waiting=list(samples)), State())))


def test_events_that_were_seen_together_say_nothing_about_their_order() -> None:
    """The relay may have read the outbox between the commits of the two."""
    first = Waiting("feed-a", 1.0, {"3/activity": [10, 11]})
    assert not _overtaken(first, Waiting("feed-a", 3.0, {"3/activity": [10]}))


def test_an_event_that_was_seen_before_another_one_must_leave_before_it() -> None:
    samples = [
        Waiting("feed-a", 1.0, {"3/activity": [10]}),
        Waiting("feed-a", 3.0, {"3/activity": [10, 11]}),
        Waiting("feed-a", 5.0, {"3/activity": [10]}),
    ]
    assert _overtaken(*samples) == 1


def test_an_older_timeline_tells_of_the_past() -> None:
    samples = [
        Waiting("feed-a", 1.0, {"3/activity": [10]}, 2),
        Waiting("feed-a", 3.0, {"3/activity": [10, 11]}, 2),
        Waiting("feed-a", 3.5, {"3/activity": [10]}, 1),
        Waiting("feed-a", 5.0, {"3/activity": [10, 11]}, 2),
    ]
    assert not _overtaken(*samples)
