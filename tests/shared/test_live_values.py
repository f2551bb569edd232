"""A process follows its live file, and goes on with the last values if it is missing or broken."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from shared.http_server import obstacles
from shared.http_server.readiness import Readiness
from shared.http_server.service_app import AppInfo, create_app
from shared.live_values import LiveFile, LiveValues, remaining_s
from shared.settings import ProcessSettings
from tests.eventually import eventually


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


BROKEN = [
    "",
    "{",
    "[]",
    "null",
    '{"at_work_max": 3}',
    '{"at_work_max": {"gateway": "many"}}',
    '{"maintenance_until": "soon"}',
    '{"maintenance_until": null}',
    "\x00",
    "[" * 50_000,
    *(
        f'{{"{name}": {value}}}'
        for name in ("maintenance_until", "fan_out_paused_until", "uploads_refused_until")
        for value in ("Infinity", "-Infinity", "NaN", "1e999", "1" + "0" * 400, "[]", '"inf"')
    ),
    *(f'{{"at_work_max": {{"gateway": {value}}}}}' for value in ("Infinity", "NaN", "1e999", "[]")),
]


@pytest.mark.parametrize("text", BROKEN)
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


@pytest.mark.parametrize("text", [None, *BROKEN])
def test_nothing_is_known_until_the_file_could_be_read_once(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "live.json"
    if text is not None:
        replace_file(file, text)
    live = LiveFile(file)
    assert not live.is_known
    assert str(file) in live.obstacle
    replace_file(file, "{}")
    live.look()
    assert (live.is_known, live.obstacle) == (True, "")
    replace_file(file, "{")
    live.look()
    assert live.is_known


def test_without_a_file_all_is_known() -> None:
    assert LiveFile(None).is_known


@pytest.mark.parametrize("has_own_obstacle", [False, True])
async def test_a_process_that_knows_nothing_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_own_obstacle: bool
) -> None:
    monkeypatch.setattr(obstacles, "LOOK_AGAIN_S", 0.01)
    file, own = tmp_path / "live.json", ["schemas are missing"]

    async def find(_resources: object) -> str:
        return own[0]

    info = AppInfo(
        "sample", "Sample", "A sample.", None, find_obstacle=find if has_own_obstacle else None
    )
    settings = ProcessSettings(
        listen_port=8000, tls_cert_file=file, tls_key_file=file, live_file=file
    )
    app = create_app(info, settings, _nothing, [])
    readiness: Readiness = app.state.readiness

    async def says(state: str, obstacle: str) -> None:
        assert readiness.state == state
        assert obstacle in readiness.obstacle

    async with app.router.lifespan_context(app):
        await eventually(partial(says, "starting", "live.json cannot be read"))
        replace_file(file, "{}")
        if has_own_obstacle:
            await eventually(partial(says, "starting", own[0]))
            own[0] = ""
        await eventually(partial(says, "ok", ""))


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
