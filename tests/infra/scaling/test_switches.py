"""Switches have ends, outlive commands, and reach the file that processes read."""

import time
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.plan.planning import plan_of
from infra.rendering.live import render_live, switch
from infra.run_folder import RunFolder
from infra.scaling.counts import scaled
from infra.scaling.switches import (
    MESSAGE,
    MESSAGE_CHARS_MAX,
    MINUTES_MAX,
    Switches,
    end_after,
    message_of,
    read_switches,
)
from infra.status.switches import switch_lines
from infra.suite import Suite
from infra.topology import load_topology
from shared.live_values import LiveFile

DRAWN = load_topology(network="127.99")


def suite_of(folder: Path, **counts: int) -> Suite:
    return Suite(plan_of(scaled(DRAWN, counts)), RunFolder(folder), Path("/decoder/python"))


def test_processes_read_what_a_command_has_switched(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    render_live(suite)
    live = LiveFile(suite.folder.live_file)
    assert live.values.maintenance_until == 0
    switch(suite, maintenance_until=time.time() + 60, maintenance_message="back at noon")
    live.look()
    assert live.values.maintenance_message == "back at noon"
    # Another command renders everything, and the switch stays.
    render_live(suite_of(tmp_path, feed=3))
    live.look()
    assert live.values.maintenance_message == "back at noon"


def test_gateways_follow_the_number_of_processes(tmp_path: Path) -> None:
    render_live(suite_of(tmp_path))
    live = LiveFile(RunFolder(tmp_path).live_file)
    assert live.values.at_work_max == {"gateway": 20}
    render_live(suite_of(tmp_path, feed=3, users=3, upload=3))
    live.look()
    assert live.values.at_work_max == {"gateway": 30}


def test_one_switch_leaves_the_others(tmp_path: Path) -> None:
    suite, later = suite_of(tmp_path), time.time() + 60
    switch(suite, uploads_refused_until=later)
    switched = switch(suite, fan_out_paused_until=later)
    assert switched == Switches(fan_out_paused_until=later, uploads_refused_until=later)
    assert read_switches(suite.folder.switches_file) == switched


def test_every_part_may_read_the_live_file(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    render_live(suite)
    assert suite.folder.live_file.stat().st_mode & 0o777 == 0o644


def test_a_switch_that_is_over_is_off(tmp_path: Path) -> None:
    switched = switch(suite_of(tmp_path), maintenance_until=time.time() - 1)
    assert not switched.has_maintenance
    assert switch_lines(switched) == []


def test_status_names_what_is_switched() -> None:
    later = time.time() + 60
    lines = switch_lines(Switches(later, "back at noon", later, later))
    assert [line.split()[0] for line in lines] == ["maintenance:", "fan-out", "photos"]
    assert lines[0].endswith("back at noon")


@pytest.mark.parametrize("minutes", [0, -1, MINUTES_MAX + 1, float("nan")])
def test_a_switch_without_a_reasonable_end_is_refused(minutes: float) -> None:
    with pytest.raises(SuiteFailure, match="MINUTES="):
        end_after(minutes)


@pytest.mark.parametrize("said", ["two\nlines", "x" * (MESSAGE_CHARS_MAX + 1)])
def test_a_message_is_one_short_line(said: str) -> None:
    with pytest.raises(SuiteFailure, match="MESSAGE="):
        message_of(said)


def test_there_is_a_message_for_people_in_any_case() -> None:
    assert message_of("  ") == MESSAGE


@pytest.mark.parametrize(
    "name", ["maintenance_until", "fan_out_paused_until", "uploads_refused_until"]
)
@pytest.mark.parametrize("end", ['"soon"', "null", "Infinity", "-1e999", "NaN", "1" + "0" * 400])
def test_a_broken_file_of_switches_is_named(tmp_path: Path, name: str, end: str) -> None:
    file = tmp_path / "switches.json"
    file.write_text(f'{{"{name}": {end}}}', encoding="utf-8")
    with pytest.raises(SuiteFailure, match="is no number"):
        read_switches(file)
