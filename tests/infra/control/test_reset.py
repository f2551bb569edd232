"""A reset leaves nothing of a suite but what is installed."""

from pathlib import Path

import pytest

from infra.control.reset import delete_everything
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in

# The command holds its lock until it ends. Units of systemd stay installed.
_KEPT = {"lock_file", "installed_file"}
_FILES = ("_file", "_socket", "_actions")
PLACES = sorted(name for name, part in vars(RunFolder).items() if isinstance(part, property))


def suite_of(folder: Path) -> Suite:
    return suite_in(RunFolder(folder), "127.99")


def made(suite: Suite, name: str) -> Path:
    place: Path = getattr(suite.folder, name)
    if name.endswith(_FILES):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    else:
        (place / "full").mkdir(parents=True, exist_ok=True)
    return place


@pytest.mark.parametrize("name", PLACES)
def test_a_reset_deletes_every_place_of_a_suite(tmp_path: Path, name: str) -> None:
    suite = suite_of(tmp_path)
    place = made(suite, name)
    delete_everything(suite)
    assert place.exists() == (name in _KEPT)


def test_a_reset_leaves_only_what_is_installed(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    for name in PLACES:
        made(suite, name)
    (tmp_path / "venv").mkdir()
    for name in ("trace-0123.html", "ledger.json.aside-1", "scale.json.draft"):
        (tmp_path / name).touch()
    delete_everything(suite)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["installed", "lock", "venv"]
