"""What alerts ask for never ends the loops of the caretaker."""

import asyncio
import json
import time
from functools import partial
from pathlib import Path

import pytest

from infra.automation import executor
from infra.automation.actions import read_actions
from infra.automation.decisions import Decision
from infra.automation.executor import carry_out, carry_out_one
from infra.automation.inbox import Inbox, Request
from infra.run_folder import RunFolder
from infra.scaling.switches import read_switches
from infra.suite import Suite, suite_in
from infra.topology import TOPOLOGY_FILE, load_topology
from tests.eventually import eventually


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.delenv("RETRATO_WATCH", raising=False)
    monkeypatch.setattr(executor, "LOOK_S", 0.01)
    folder = RunFolder(tmp_path)
    folder.automation_inbox.mkdir(parents=True)
    return suite_in(folder, "127.99")


def ask(suite: Suite, verb: str) -> Request:
    request = Request(time.time(), "Busy", verb)
    assert Inbox(suite.folder.automation_inbox).put(request)
    return request


async def crash(_suite: Suite) -> None:
    raise LookupError("nobody foresaw this")


async def until_paused(suite: Suite) -> None:
    """Run the loop until it has carried out a request to pause fan-out."""
    stop = asyncio.Event()

    async def is_paused() -> None:
        assert read_switches(suite.folder.switches_file).pauses_fan_out
        assert Inbox(suite.folder.automation_inbox).waiting() == []

    async with asyncio.TaskGroup() as loops:
        loops.create_task(carry_out(suite, crash, stop))
        await eventually(is_paused)
        stop.set()


async def test_a_crash_drops_its_request_and_the_next_one_is_carried_out(suite: Suite) -> None:
    ask(suite, "renew_certificates")
    ask(suite, "pause_fan_out")
    await until_paused(suite)
    assert [action.outcome for action in read_actions(suite.folder.automation_actions)] == ["done"]


async def test_what_was_not_done_is_recorded_once_whatever_figures_its_reason_has(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes: list[Decision] = [
        Decision("refused", "it was changed 10 s ago"),
        Decision("refused", "it was changed 70 s ago"),
        Decision("off", "automation is off"),
        Decision("refused", "it was changed 190 s ago"),
    ]
    left = iter(minutes)
    monkeypatch.setattr(executor, "decide", lambda *_facts: next(left))
    for _minute in minutes:
        assert await carry_out_one(suite, Request(time.time(), "Busy", "pause_fan_out"), crash)
    recorded = read_actions(suite.folder.automation_actions)
    assert [action.outcome for action in recorded] == ["refused", "off", "refused"]


async def test_no_file_of_its_account_ends_the_loop(suite: Suite) -> None:
    inbox = suite.folder.automation_inbox
    (inbox / "add_replica.feed.json").mkdir()
    wrong = {"at": 10**400, "alert": "A", "verb": "add_replica", "target": "users"}
    (inbox / "add_replica.users.json").write_text(json.dumps(wrong), encoding="utf-8")
    ask(suite, "pause_fan_out")
    await until_paused(suite)


@pytest.mark.parametrize("text", ["", "[network", TOPOLOGY_FILE.read_text("utf-8")[:3000]])
async def test_a_half_edited_topology_leaves_automation_at_work(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "topology.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr("infra.suite.load_topology", partial(load_topology, file))
    ask(suite, "pause_fan_out")
    await until_paused(suite)
