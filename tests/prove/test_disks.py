"""A folder gets a small disk and its place back, whichever step a killed run had reached."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prove import disks
from prove.disks import DiskRefused, SmallDisks, fill, move_back, move_onto
from tests.suite import Suite


@pytest.fixture(autouse=True)
def allowed(tmp_path: Path) -> None:
    if why_not := SmallDisks(Suite(tmp_path / "run", "127.99")).why_not():
        pytest.skip(f"no small disk can be had here: {why_not}")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "data" / "users-a"
    (place / "base").mkdir(parents=True)
    place.chmod(0o700)
    (place / "base" / "row").write_text("old", encoding="ascii")
    yield place
    if os.path.ismount(place):
        disks.unmount(place)


def _holds(place: Path, row: str) -> None:
    assert (place / "base" / "row").read_text(encoding="ascii") == row
    assert place.stat().st_mode & 0o777 == 0o700
    assert not os.path.ismount(place)
    assert [one.name for one in place.parent.iterdir()] == [place.name]


def test_a_full_disk_is_its_own_and_what_was_written_comes_back(place: Path) -> None:
    move_onto(place, 4)
    (place / "base" / "row").write_text("new", encoding="ascii")
    fill(place)
    with pytest.raises(OSError, match="No space"):
        (place / "more").write_bytes(b"x" * 4096)
    (place / disks.FILLER).unlink()
    move_back(place)
    (place / "more").unlink(missing_ok=True)
    _holds(place, "new")


def _killed_at(monkeypatch: pytest.MonkeyPatch, word: str, act: Callable[[], None]) -> None:
    """Do something as far as the command that begins with a word."""
    run = disks.run_command

    def run_until(*words: str) -> None:
        if words[0] == word:
            raise DiskRefused(word)
        run(*words)

    with monkeypatch.context() as patched:
        patched.setattr(disks, "run_command", run_until)
        with pytest.raises(DiskRefused):
            act()


@pytest.mark.parametrize("word", ["mount", "cp"])
def test_a_move_that_was_interrupted_keeps_the_original(
    place: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    _killed_at(monkeypatch, word, lambda: move_onto(place, 4))
    move_back(place)
    _holds(place, "old")


@pytest.mark.parametrize("word", ["cp", "umount"])
def test_a_return_that_was_interrupted_is_finished(
    place: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    move_onto(place, 4)
    (place / "base" / "row").write_text("new", encoding="ascii")
    _killed_at(monkeypatch, word, lambda: move_back(place))
    move_back(place)
    _holds(place, "new")


def test_what_was_lost_with_the_memory_is_never_replaced_by_what_was_before(place: Path) -> None:
    move_onto(place, 4)
    disks.unmount(place)
    with pytest.raises(DiskRefused, match="lost"):
        move_back(place)
    assert (place.with_name("users-a.moved") / "base" / "row").exists()
