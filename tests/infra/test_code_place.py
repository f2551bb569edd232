"""The code that the services' accounts run: the checkout, or a copy where that is closed."""

import os
from pathlib import Path

import pytest

from infra import code_place
from infra.code_place import code_folder, renew_code
from infra.control.failures import SuiteFailure
from infra.run_folder import REPOSITORY, RunFolder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts other accounts")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout in a folder like root's home, and a run folder beside it."""
    home = tmp_path / "home"
    services = ("services/users/app.py", "services/users/old.py")
    for file in (
        *services,
        "shared/logs.py",
        "infra/ops/app.py",
        "docs/operations/a.md",
        "infra/automation/inbox.py",
        "infra/mail/server.py",
        *map(str, code_place.FILES),
    ):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text("X = 1\n", encoding="utf-8")
        (home / file).chmod(0o600)
    monkeypatch.setattr(code_place, "REPOSITORY", home)
    return home


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
    }


def test_a_closed_checkout_is_copied_and_the_copy_follows_it(
    checkout: Path, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "run")
    renew_code(folder)
    copy = code_folder(folder)
    assert copy == folder.root / "code"
    assert _tree(copy) == _tree(checkout)
    (checkout / "services/users/old.py").unlink()
    (checkout / "services/users/app.py").write_text("X = 22\n", encoding="utf-8")
    renew_code(folder)
    assert _tree(copy) == _tree(checkout)
    for path in copy.rglob("*"):
        assert path.stat().st_mode & 0o004, path
    # Services cannot write compiled files, so those are there before a start.
    assert list(copy.glob("services/users/__pycache__/app.*.pyc"))


def test_an_open_checkout_is_used_as_it_is(tmp_path: Path) -> None:
    if code_place._others_read(REPOSITORY):
        assert code_folder(RunFolder(tmp_path)) == REPOSITORY
    else:
        assert code_folder(RunFolder(tmp_path)) == tmp_path / "code"


@pytest.mark.usefixtures("checkout")
def test_an_interpreter_that_others_cannot_run_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "venv" / "bin"
    closed.mkdir(parents=True)
    (tmp_path / "venv").chmod(0o700)
    with pytest.raises(SuiteFailure, match="closed to the services' accounts"):
        renew_code(RunFolder(tmp_path / "run"), closed / "python")
