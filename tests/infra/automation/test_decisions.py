"""Automation stays within its bounds, rests between changes, and can be switched off."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.automation.actions import Action
from infra.automation.decisions import (
    EXTEND_BELOW_S,
    RESTARTS_MAX,
    SWITCH_S,
    Facts,
    Mode,
    decide,
)
from infra.automation.inbox import VERBS, Request
from infra.plan.figures import Automation

NOW = 1_800_000_000.0
DRAWN = {"feed": 2, "feed-worker": 1}
RULES = Automation("127.99.9.2", 2, cool_down_seconds=60, calm_seconds=300, drawn=DRAWN)
FACTS = Facts(
    now=NOW,
    mode="on",
    rules=RULES,
    counts=DRAWN,
    floors={},
    most={"feed": (4, "processors"), "feed-worker": (4, "processors")},
    processes=frozenset({"feed-1", "feed-2"}),
    switched_until={},
)


def asked(verb: str, target: str = "feed") -> Request:
    return Request(NOW, "Busy", verb, target)


def did(verb: str, seconds_ago: float, target: str = "feed", outcome: str = "done") -> Action:
    return Action(NOW - seconds_ago, "Busy", verb, target, outcome, "")


def with_counts(facts: Facts = FACTS, **counts: int) -> Facts:
    named = {name.replace("_", "-"): count for name, count in counts.items()}
    return replace(facts, counts={**facts.counts, **named})


def test_a_busy_service_gets_one_more_process() -> None:
    decision = decide(asked("add_replica"), FACTS, [])
    assert (decision.outcome, decision.count) == ("do", 3)


def test_a_worker_may_be_asked_for_by_service_or_by_role() -> None:
    for target in ("feed", "feed-worker"):
        decision = decide(asked("add_worker", target), FACTS, [])
        assert (decision.outcome, decision.count) == ("do", 2)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (with_counts(feed=4), "2 times the topology's"),
        (replace(FACTS, most={"feed": (2, "memory is short")}), "memory is short"),
        (replace(FACTS, most={}), "nothing is known"),
    ],
)
def test_nothing_is_added_beyond_a_bound(facts: Facts, why: str) -> None:
    decision = decide(asked("add_replica"), facts, [])
    assert decision.outcome == "refused"
    assert why in decision.why


def test_what_the_topology_draws_is_never_removed() -> None:
    assert decide(asked("remove_replica"), FACTS, []).outcome == "quiet"
    decision = decide(asked("remove_replica"), with_counts(feed=3), [])
    assert (decision.outcome, decision.count) == ("do", 2)


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_of_numbers_deploys_nothing(verb: str) -> None:
    target = "feed-worker" if verb.endswith("_worker") else "feed"
    target = {"restart_process": "feed-1"}.get(verb, target)
    facts = replace(with_counts(feed=3, feed_worker=2), rules=replace(RULES, growth_max=3))
    usual = decide(Request(NOW, "Busy", verb, target), facts, [])
    differs = replace(facts, undeployed="feed.env differs")
    decision = decide(Request(NOW, "Busy", verb, target), differs, [])
    if "replica" in verb or "worker" in verb:
        assert usual.outcome == "do"
        assert (decision.outcome, decision.why) == ("refused", "feed.env differs")
    else:
        assert decision == usual


@pytest.mark.parametrize("chosen", [1, 2, 3, 4, 9])
def test_what_a_person_chose_is_never_removed(chosen: int) -> None:
    facts = replace(FACTS, floors={"feed": chosen})
    for count in range(chosen, chosen + 4):
        decision = decide(asked("remove_replica"), with_counts(facts, feed=count), [])
        assert decision.outcome == ("quiet" if count == chosen else "do")
        assert decision.count in {0, count - 1}


def test_unknown_roles_and_processes_are_refused() -> None:
    for request in (
        asked("add_replica", "search"),
        asked("add_replica", "feed-worker"),
        asked("add_worker", "gateway"),
        asked("restart_process", "postgres-users-a"),
        asked("restart_process", "caretaker"),
    ):
        assert decide(request, FACTS, []).outcome == "refused"


@pytest.mark.parametrize(
    ("verb", "last", "seconds_ago", "outcome"),
    [
        ("add_replica", "add_replica", 59, "quiet"),
        ("add_replica", "add_replica", 61, "do"),
        ("add_replica", "remove_replica", 59, "quiet"),
        ("remove_replica", "add_replica", 299, "quiet"),
        ("remove_replica", "add_replica", 301, "do"),
        ("remove_replica", "remove_replica", 299, "quiet"),
    ],
)
def test_a_role_rests_after_a_change(
    verb: str, last: str, seconds_ago: float, outcome: str
) -> None:
    decision = decide(asked(verb), with_counts(feed=3), [did(last, seconds_ago)])
    assert decision.outcome == outcome


def test_only_what_was_done_counts_as_a_change() -> None:
    done = [did("add_replica", 5, outcome=outcome) for outcome in ("refused", "off", "dry")]
    done.append(did("add_replica", 5, target="users"))
    done.append(did("add_worker", 5))
    assert decide(asked("add_replica"), FACTS, done).outcome == "do"
    # A failed one is not tried again at once.
    assert (
        decide(asked("add_replica"), FACTS, [did("add_replica", 5, outcome="failed")]).outcome
        == "quiet"
    )


def test_a_process_that_hangs_again_and_again_is_left_to_people() -> None:
    request = asked("restart_process", "feed-1")
    lately = [did("restart_process", 301 + n, "feed-1") for n in range(RESTARTS_MAX)]
    assert decide(request, FACTS, lately[:1]).outcome == "do"
    assert decide(request, FACTS, [did("restart_process", 10, "feed-1")]).outcome == "quiet"
    assert decide(request, FACTS, lately).outcome == "refused"
    long_ago = [did("restart_process", 4000, "feed-1")] * RESTARTS_MAX
    assert decide(request, FACTS, long_ago).outcome == "do"


def test_another_process_is_restarted_only_after_a_rest() -> None:
    request = asked("restart_process", "feed-2")
    for outcome, seconds_ago, decided in (
        ("done", 299, "refused"),
        ("failed", 299, "refused"),
        ("dry", 299, "do"),
        ("done", 301, "do"),
    ):
        done = [did("restart_process", seconds_ago, "feed-1", outcome)]
        assert decide(request, FACTS, done).outcome == decided


_ALL = tuple(f"feed-{number}" for number in range(1, 9))


@given(st.lists(st.tuples(st.sampled_from(_ALL), st.integers(1, 600)), max_size=60))
def test_alerts_of_any_processes_restart_few_of_them(alerts: list[tuple[str, int]]) -> None:
    now, done = NOW, list[Action]()
    for target, pause_s in alerts:
        now += pause_s
        facts = replace(FACTS, now=now, processes=frozenset(_ALL))
        if decide(Request(now, "Hangs", "restart_process", target), facts, done).outcome == "do":
            done.append(Action(now, "Hangs", "restart_process", target, "done", ""))
    times = [action.at for action in done]
    assert all(later - earlier >= 300 for earlier, later in pairwise(times))
    assert all(later - first >= 3600 for first, later in zip(times, times[3:], strict=False))


@pytest.mark.parametrize(
    ("on", "back"), [("pause_fan_out", "resume_fan_out"), ("refuse_uploads", "accept_uploads")]
)
def test_a_switch_is_extended_near_its_end_and_ended_once(on: str, back: str) -> None:
    def outcomes(left_s: float) -> tuple[str, str]:
        facts = replace(FACTS, switched_until={on: NOW + left_s, back: NOW + left_s})
        return decide(asked(on, ""), facts, []).outcome, decide(asked(back, ""), facts, []).outcome

    assert outcomes(-1) == ("do", "quiet")
    assert outcomes(SWITCH_S) == ("quiet", "do")
    assert outcomes(EXTEND_BELOW_S - 1) == ("do", "do")


@given(
    st.sampled_from(VERBS),
    st.sampled_from(["feed", "feed-worker", "feed-1", ""]),
    st.integers(1, 9),
)
def test_nothing_is_done_while_it_is_off_or_only_said(verb: str, target: str, count: int) -> None:
    def outcome(mode: Mode) -> str:
        facts = replace(with_counts(feed=count), mode=mode)
        return decide(Request(NOW, "Busy", verb, target), facts, []).outcome

    assert outcome("off") == "off"
    assert outcome("dry") != "do"
    assert (outcome("dry") == "dry") == (outcome("on") == "do")


@given(st.lists(st.sampled_from(["add_replica", "remove_replica"]), max_size=40))
def test_alerts_of_any_order_keep_a_service_between_its_bounds(verbs: list[str]) -> None:
    """Play half an hour of alerts, one in 45 s: the service neither leaves its bounds nor flaps."""
    count, done = 2, list[Action]()
    for step, verb in enumerate(verbs):
        facts = replace(with_counts(feed=count), now=NOW + 45 * step)
        decision = decide(Request(facts.now, "Busy", verb, "feed"), facts, done)
        if decision.outcome == "do":
            count = decision.count
            done.append(Action(facts.now, "Busy", verb, "feed", "done", ""))
        assert 2 <= count <= 4
    removals = [action.at for action in done if action.verb == "remove_replica"]
    assert all(later - earlier >= 300 for earlier, later in pairwise(removals))
