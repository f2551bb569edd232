"""Missing packages are installed without a question, or named in a message."""

from collections.abc import Callable

import pytest

from infra.bootstrap import debian
from infra.bootstrap.debian import Package, install_missing_packages
from infra.bootstrap.failures import BootstrapFailure


def _say_nothing(_text: str) -> None:
    """Ignore progress messages."""


def _packages(**there: bool) -> Callable[[], list[Package]]:
    def is_there(name: str) -> Callable[[], bool]:
        return lambda: there[name]

    return lambda: [Package(name, is_there(name)) for name in there]


def test_nothing_is_run_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_packages", _packages(nginx=True))
    monkeypatch.setattr(debian, "_apt", pytest.fail)
    install_missing_packages(_say_nothing)


def test_only_what_is_missing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(debian, "_packages", _packages(nginx=True, curl=False))
    monkeypatch.setattr(debian, "_root_prefix", lambda _missing: [])
    monkeypatch.setattr(debian, "_write", lambda *_arguments: None)
    monkeypatch.setattr(debian, "_run", lambda *_arguments: None)
    monkeypatch.setattr(debian, "_apt", lambda _as_root, *words: installed.extend(words))
    install_missing_packages(_say_nothing)
    assert "curl" in installed
    assert "nginx" not in installed


def test_a_user_without_sudo_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_packages", _packages(curl=False))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name, **_: name if name == "apt-get" else None)
    with pytest.raises(BootstrapFailure, match="sudo apt-get install curl"):
        install_missing_packages(_say_nothing)


def test_a_machine_without_apt_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_packages", _packages(curl=False))
    monkeypatch.setattr("shutil.which", lambda _name, **_: None)
    with pytest.raises(BootstrapFailure, match="no apt-get"):
        install_missing_packages(_say_nothing)
