"""Chosen numbers of processes change the plan, and nothing else of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.control.failures import SuiteFailure
from infra.plan.planning import plan_of
from infra.run_folder import RunFolder
from infra.scaling.counts import (
    Choice,
    counts_of,
    read_choices,
    read_counts,
    scaled,
    write_counts,
)
from infra.suite import suite_in
from infra.topology import load_topology
from infra.topology_tables import TopologyError

DRAWN = load_topology(network="127.99")
PLAN = plan_of(DRAWN)
ROLES = sorted(counts_of(PLAN))


def test_the_drawing_has_a_number_for_each_service_and_its_workers() -> None:
    assert counts_of(PLAN) == {
        **dict.fromkeys(("gateway", "users", "upload", "feed"), 2),
        **dict.fromkeys(("users-worker", "upload-worker", "feed-worker"), 1),
    }


@given(st.dictionaries(st.sampled_from(ROLES), st.integers(1, 60)))
def test_a_plan_has_the_chosen_numbers_at_addresses_of_their_own(counts: dict[str, int]) -> None:
    plan = plan_of(scaled(DRAWN, counts))
    assert counts_of(plan) == {**counts_of(PLAN), **counts}
    endpoints = [endpoint for process in plan.processes for endpoint in process.endpoints]
    assert len(endpoints) == len(set(endpoints))


@given(st.dictionaries(st.sampled_from(ROLES), st.integers(1, 60)))
def test_other_processes_stay_as_they_are(counts: dict[str, int]) -> None:
    before = {process.name: process for process in PLAN.processes}
    after = {process.name: process for process in plan_of(scaled(DRAWN, counts)).processes}
    for name in before.keys() & after.keys():
        assert after[name] == before[name]


@given(
    st.dictionaries(st.sampled_from(ROLES), st.integers(1, 100)).flatmap(
        lambda counts: st.tuples(st.just(counts), st.permutations(list(counts)))
    )
)
def test_the_order_of_choices_changes_nothing(drawn: tuple[dict[str, int], list[str]]) -> None:
    counts, order = drawn
    together = scaled(DRAWN, counts)
    assert scaled(DRAWN, {role: counts[role] for role in order}) == together
    for role, count in counts.items():
        name = role.removesuffix("-worker")
        alone, grown = scaled(DRAWN, {role: count}).services[name], together.services[name]
        assert (alone.replicas if role == name else alone.workers) == (
            grown.replicas if role == name else grown.workers
        )


def test_a_role_has_no_more_processes_than_addresses() -> None:
    with pytest.raises(TopologyError, match="there are only 100 addresses"):
        scaled(DRAWN, {"feed": 300})


def test_roles_that_are_not_drawn_have_no_effect() -> None:
    assert plan_of(scaled(DRAWN, {"search": 3, "gateway-worker": 2})) == PLAN


def test_chosen_numbers_outlive_the_command(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert read_counts(folder.scale_file) == {}
    write_counts(folder.scale_file, {"feed": Choice(3, 3)})
    plan = suite_in(folder, "127.99").plan
    assert [p.name for p in plan.processes if p.role == "feed"] == ["feed-1", "feed-2", "feed-3"]
    drawn = suite_in(folder, "127.99", is_scaled=False).plan
    assert counts_of(drawn)["feed"] == 2


def _broken() -> Iterator[object]:
    yield {"feed": 0}
    yield {"feed": -1}
    yield {"feed": "3"}
    yield {"feed": True}
    yield {"feed": 2.5}
    yield {"feed": None}
    yield {"feed": [3]}
    yield {"feed": {}}
    yield {"feed": {"count": 0}}
    yield {"feed": {"count": "3"}}
    yield {"feed": {"count": 3, "by_person": 0}}
    yield {"feed": {"count": 3, "by_person": "2"}}


_COUNTS = st.integers(1, 60)


@given(st.dictionaries(st.sampled_from(ROLES), st.builds(Choice, _COUNTS, st.none() | _COUNTS)))
def test_a_choice_is_read_as_it_was_written(choices: dict[str, Choice]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scale.json"
        write_counts(file, choices)
        assert read_choices(file) == choices
        assert read_counts(file) == {role: choice.count for role, choice in choices.items()}


def test_a_plain_number_is_of_a_person(tmp_path: Path) -> None:
    file = tmp_path / "scale.json"
    file.write_text('{"feed": 3}', encoding="utf-8")
    assert read_choices(file) == {"feed": Choice(3, 3)}


@pytest.mark.parametrize("document", list(_broken()))
def test_a_broken_number_is_named(tmp_path: Path, document: object) -> None:
    file = tmp_path / "scale.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SuiteFailure, match="feed is no number"):
        read_counts(file)
