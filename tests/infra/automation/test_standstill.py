"""A run switches automation off and back, however it ends."""

import asyncio
from pathlib import Path

import pytest

from infra.automation.decisions import MODES
from infra.automation.executor import mode_of
from infra.automation.standstill import automation_off
from infra.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


@pytest.mark.parametrize("mode", ["", *MODES])
@pytest.mark.parametrize("end", [None, KeyboardInterrupt, asyncio.CancelledError, SystemExit])
def test_the_former_mode_comes_back(
    folder: RunFolder, mode: str, end: type[BaseException] | None
) -> None:
    if mode:
        folder.automation_file.write_text(f"{mode}\n", encoding="ascii")
    before = mode_of(folder)
    try:
        with automation_off(folder):
            assert mode_of(folder) == "off"
            if end:
                raise end
    except (KeyboardInterrupt, asyncio.CancelledError, SystemExit):
        pass
    assert mode_of(folder) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_killed_run_leaves_it_off_and_the_next_one_restores_it(
    folder: RunFolder, mode: str
) -> None:
    folder.automation_file.write_text(f"{mode}\n", encoding="ascii")
    with automation_off(folder):
        killed = folder.automation_file.read_bytes()
    folder.automation_file.write_bytes(killed)
    assert mode_of(folder) == "off"
    with automation_off(folder):
        assert mode_of(folder) == "off"
    assert mode_of(folder) == mode


@pytest.mark.parametrize("chosen", MODES)
def test_a_mode_that_somebody_chooses_meanwhile_stays(folder: RunFolder, chosen: str) -> None:
    with automation_off(folder):
        folder.automation_file.write_text(f"{chosen}\n", encoding="ascii")
    assert mode_of(folder) == chosen
