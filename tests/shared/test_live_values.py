"""A process follows its live file, and goes on with the last values if it is missing or broken."""

import json
import time
from pathlib import Path

import pytest

from shared.live_values import LiveFile, LiveValues, remaining_s


def replace_file(file: Path, text: str) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def test_without_a_file_nothing_is_switched() -> None:
    live = LiveFile(None)
    live.look()
    assert live.values == LiveValues()


def test_followers_hear_of_the_present_values_and_of_each_change(tmp_path: Path) -> None:
    file, heard = tmp_path / "live.json", list[LiveValues]()
    replace_file(file, json.dumps({"maintenance_until": 7}))
    live = LiveFile(file)
    live.follow(heard.append)
    live.look()
    replace_file(file, json.dumps({"at_work_max": {"gateway": 3}}))
    live.look()
    live.look()
    assert heard == [LiveValues(maintenance_until=7), LiveValues(at_work_max={"gateway": 3})]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"at_work_max": 3}',
        '{"at_work_max": {"gateway": "many"}}',
        '{"maintenance_until": "soon"}',
        '{"maintenance_until": null}',
        "\x00",
    ],
)
def test_a_broken_file_leaves_the_last_values(tmp_path: Path, text: str) -> None:
    file = tmp_path / "live.json"
    replace_file(file, json.dumps({"maintenance_until": 7}))
    live = LiveFile(file)
    replace_file(file, text)
    live.look()
    assert live.values.maintenance_until == 7
    file.unlink()
    live.look()
    assert live.values.maintenance_until == 7


def test_names_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "live.json"
    replace_file(file, json.dumps({"later": True, "uploads_refused_until": 7}))
    assert LiveFile(file).values == LiveValues(uploads_refused_until=7)


def test_a_process_always_works_on_something(tmp_path: Path) -> None:
    file = tmp_path / "live.json"
    replace_file(file, json.dumps({"at_work_max": {"gateway": 0}}))
    assert LiveFile(file).values.at_work_max == {"gateway": 1}


def test_an_end_in_the_past_leaves_no_time() -> None:
    assert remaining_s(time.time() - 5) == 0
    assert 4 < remaining_s(time.time() + 5) <= 5
