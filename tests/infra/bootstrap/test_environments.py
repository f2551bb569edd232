"""An environment is built once per lock file; the second call runs nothing."""

from pathlib import Path

import pytest

from infra.bootstrap import environments
from infra.bootstrap.environments import make_environment

_PIPS_WORDS = {"install", "uninstall", "cache"}


class Runs:
    """Records commands instead of running them."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str], _what: str, *_heard: object) -> None:
        self.commands.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(environments, "_run", runs)
    return runs


def _locks(folder: Path) -> tuple[Path, Path]:
    locks = folder / "locks"
    locks.mkdir()
    main, dev = locks / "main.txt", locks / "dev.txt"
    main.write_text("fastapi==1\n", encoding="utf-8")
    dev.write_text("fastapi==1\npytest==1\n", encoding="utf-8")
    return main, dev


def _say_nothing(_text: str) -> None:
    """Ignore progress messages."""


def test_the_second_time_runs_nothing(tmp_path: Path, runs: Runs) -> None:
    main, _dev = _locks(tmp_path)
    make_environment(tmp_path / "venv", [main], _say_nothing)
    runs.commands.clear()
    make_environment(tmp_path / "venv", [main], _say_nothing)
    assert runs.commands == []


def test_an_environment_for_tests_serves_the_suite_too(tmp_path: Path, runs: Runs) -> None:
    main, dev = _locks(tmp_path)
    make_environment(tmp_path / "venv", [main, dev], _say_nothing)
    runs.commands.clear()
    make_environment(tmp_path / "venv", [main], _say_nothing)
    assert runs.commands == []


def test_a_lock_that_changed_is_installed_again(tmp_path: Path, runs: Runs) -> None:
    main, _dev = _locks(tmp_path)
    make_environment(tmp_path / "venv", [main], _say_nothing)
    main.write_text("fastapi==2\n", encoding="utf-8")
    runs.commands.clear()
    make_environment(tmp_path / "venv", [main], _say_nothing)
    assert any("--require-hashes" in command for command in runs.commands)


def test_a_pillow_that_was_built_without_libwebp_is_built_again(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, _dev = _locks(tmp_path)
    main.write_text("fastapi==1\npillow-simd==1\n", encoding="utf-8")
    answers = iter([False, True])
    monkeypatch.setattr(environments, "_writes_webp", lambda *_: next(answers))
    make_environment(tmp_path / "venv", [main], _say_nothing)
    done = [word for command in runs.commands for word in command if word in _PIPS_WORDS]
    assert done == ["install", "uninstall", "cache", "install"]


def test_an_environment_from_before_libwebp_is_not_taken_as_it_is(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, _dev = _locks(tmp_path)
    make_environment(tmp_path / "venv", [main], _say_nothing)
    runs.commands.clear()
    answers = iter([False, True])
    monkeypatch.setattr(environments, "_writes_webp", lambda *_: next(answers))
    make_environment(tmp_path / "venv", [main], _say_nothing)
    assert any("--require-hashes" in command for command in runs.commands)
