"""The verdict says in words what is wrong, and whether people notice it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from infra.ops.neighbours import Alert
from infra.ops.state import DatabaseNow, ProcessNow, StateNow
from infra.ops.verdict import Known, Level, Rates, verdict_of

NOW = 1_800_000_000.0


def _process(name: str, service: str, kind: str = "service", **more: Any) -> ProcessNow:
    words = {"address": "127.0.0.1", "state": "RUNNING", "since": 0, "processors": 0.0}
    return ProcessNow(name=name, service=service, kind=kind, memory_bytes=0, **{**words, **more})


PROCESSES = (
    _process("nginx-1", "nginx", "nginx"),
    _process("nginx-2", "nginx", "nginx"),
    _process("feed-1", "feed"),
    _process("feed-2", "feed"),
    _process("feed-worker-1", "feed"),
    _process("redis-feed", "redis", "redis", server="feed"),
    _process("redis-users", "redis", "redis", server="users"),
    _process("postgres-feed-a", "postgres", "postgres", server="feed-a"),
    _process("postgres-feed-a-replica", "postgres", "postgres", server="feed-a-replica"),
    _process("caretaker", "caretaker"),
    _process("prometheus", "prometheus", "watcher"),
)
DATABASE = DatabaseNow(
    name="feed-a",
    service="feed",
    shards=((0, 31),),
    leader="feed-a",
    members=("feed-a", "feed-a-replica"),
)
CALM = Rates(answered=50.0, failed=0.0, refused=0.0)


def _known(*down: str, word: str = "FATAL", **more: Any) -> Known:
    processes = tuple(
        one.model_copy(update={"state": word}) if one.name in down else one for one in PROCESSES
    )
    now = StateNow(at=NOW, has_failover=False, processes=processes, databases=(DATABASE,))
    words = {
        "state": now,
        "alerts": [],
        "silent": [],
        "rates": CALM,
        "busy": 0.5,
        "gaps": [],
        "now": NOW,
    }
    return Known(**{**words, **more})


def test_everything_is_well() -> None:
    verdict = verdict_of(_known())
    assert (verdict.level, verdict.headline) == (Level.WELL, "Everything is well.")
    assert verdict.reasons == ()


@pytest.mark.parametrize(
    ("down", "level", "words"),
    [
        (["postgres-feed-a"], Level.BAD, ("primary", "shards 0 to 31", "reads")),
        (["postgres-feed-a-replica"], Level.ATTENTION, ("stands by", "feed-a")),
        (["feed-1"], Level.ATTENTION, ("feed-2 serves alone",)),
        (["feed-1", "feed-2"], Level.BAD, ("No timeline",)),
        (["feed-worker-1"], Level.BAD, ("home timelines",)),
        (["nginx-1"], Level.BAD, ("Clients at its address",)),
        (["nginx-1", "nginx-2"], Level.BAD, ("Nobody reaches",)),
        (["redis-feed"], Level.BAD, ("from the database",)),
        (["redis-users"], Level.ATTENTION, ("notice nothing",)),
        (["caretaker"], Level.ATTENTION, ("Certificates",)),
        (["prometheus"], Level.ATTENTION, ("measurements",)),
    ],
)
def test_a_dead_process_is_told_with_its_effect(
    down: Sequence[str], level: Level, words: Sequence[str]
) -> None:
    verdict = verdict_of(_known(*down))
    assert verdict.level is level
    assert {reason.what.split()[0] for reason in verdict.reasons} == set(down)
    assert all(word in verdict.reasons[0].effect for word in words)


def test_a_process_that_stands_still_or_is_silent_counts_as_down() -> None:
    (frozen,) = verdict_of(_known("postgres-feed-a", word="FROZEN")).reasons
    (silent,) = verdict_of(_known(silent=["postgres-feed-a"])).reasons
    assert frozen.what == "postgres-feed-a stands still."
    assert silent.what == "postgres-feed-a runs, but does not answer."
    assert frozen.level is silent.level is Level.BAD


def test_a_restart_is_no_fault() -> None:
    verdict = verdict_of(_known("feed-1", word="STOPPING"))
    assert verdict.level is Level.ATTENTION
    assert verdict.reasons[0].effect == "This ends by itself."


def test_a_database_without_a_leader_is_bad() -> None:
    known = _known()
    assert known.state is not None
    nobody = DATABASE.model_copy(update={"leader": ""})
    state = known.state.model_copy(update={"databases": (nobody,), "has_failover": True})
    verdict = verdict_of(_known(state=state))
    assert verdict.level is Level.BAD
    assert "no leader" in verdict.reasons[0].what


def test_failures_and_refusals_are_told_as_a_share() -> None:
    failing = verdict_of(_known(rates=Rates(answered=50.0, failed=1.0, refused=20.0)))
    assert failing.level is Level.BAD
    assert {reason.what for reason in failing.reasons} == {
        "2.0 % of all requests fail.",
        "40 % of all requests are refused.",
    }
    few = verdict_of(_known(rates=Rates(answered=50.0, failed=0.4, refused=0.1)))
    assert few.level is Level.WELL


def _alert(severity: str) -> Alert:
    return Alert(
        name="DiskFills",
        severity=severity,
        component="disk",
        summary="The disk is full within a day.",
        description="…",
        page="docs/operations/full-disk.md",
        since="",
    )


@pytest.mark.parametrize(("severity", "level"), [("page", Level.BAD), ("ticket", Level.ATTENTION)])
def test_an_alert_counts_by_its_severity(severity: str, level: Level) -> None:
    assert verdict_of(_known(alerts=[_alert(severity)])).level is level


def test_the_windows_of_an_objective_are_told_once() -> None:
    alerts = [
        replace(
            _alert(severity), name="Objective", summary=f"A post is soon there. Of the last {one}"
        )
        for severity, one in (("page", "1h"), ("page", "6h"), ("ticket", "3d"))
    ]
    (reason,) = verdict_of(_known(alerts=alerts)).reasons
    assert (reason.level, reason.what) == (Level.BAD, "A post is soon there. Of the last 1h")


def test_a_busy_machine_is_told() -> None:
    (reason,) = verdict_of(_known(busy=0.99)).reasons
    assert (reason.level, reason.what) == (
        Level.ATTENTION,
        "The processors of the machine are 99 % busy.",
    )


def test_an_alert_about_a_process_that_is_down_is_told_once() -> None:
    alert = replace(_alert("page"), about=("feed-a",))
    assert len(verdict_of(_known("postgres-feed-a", alerts=[alert])).reasons) == 1
    assert len(verdict_of(_known("feed-worker-1", alerts=[alert])).reasons) == 2


def test_what_cannot_be_asked_is_said_and_is_no_outage() -> None:
    gaps = ["Prometheus does not answer."]
    verdict = verdict_of(_known(alerts=None, silent=None, rates=None, busy=None, gaps=gaps))
    assert verdict.level is Level.ATTENTION
    assert verdict.reasons[0].what == "Prometheus does not answer."


def test_an_old_state_is_not_passed_off_as_the_present_one() -> None:
    verdict = verdict_of(_known(now=NOW + 60))
    assert verdict.level is Level.ATTENTION
    assert "60 seconds ago" in verdict.reasons[0].what
    unknown = verdict_of(_known(state=None, gaps=["What runs is not known: no file."]))
    assert unknown.headline == "Not known: the page cannot see what runs."
