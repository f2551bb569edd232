"""A proof switches automation off, and back when it is stopped."""

import argparse
import asyncio
from pathlib import Path

import pytest

from infra.automation.executor import mode_of
from infra.run_folder import RunFolder
from prove import __main__ as prove
from prove.run import Proof, Run


async def test_automation_is_off_during_a_run_and_back_after_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, modes = RunFolder(tmp_path), []

    async def finish(_run: Run) -> Proof:
        modes.append(mode_of(folder))
        raise asyncio.CancelledError

    asked = argparse.Namespace(seed=1, minutes=1.0, clients=1, rate=1.0, only=None, drill=False)
    monkeypatch.setenv("RETRATO_RUN_DIR", str(tmp_path))
    monkeypatch.setattr(prove, "_arguments", lambda: asked)
    monkeypatch.setattr(prove, "_check_it_is_up", lambda _suite: None)
    monkeypatch.setattr(Run, "finish", finish)
    # Nothing runs in the folder of this test.
    monkeypatch.setattr("infra.run_folder.open_to_others", lambda _root: True)
    folder.automation_file.write_text("dry\n", encoding="ascii")
    # As the same command after Ctrl-C, or another one.
    for _run in range(2):
        assert await prove.main() == 130
    assert modes == ["off", "off"]
    assert mode_of(folder) == "dry"
