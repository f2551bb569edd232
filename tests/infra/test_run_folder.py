"""A suite's folder is where every process can reach it."""

import os
from pathlib import Path

import pytest

from infra import run_folder
from infra.run_folder import RunFolder, RunFolderClosed, locate_run_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs databases as others")


def test_a_folder_in_an_open_checkout_is_made_where_it_was_asked_for(tmp_path: Path) -> None:
    _open_all_the_way(tmp_path)
    folder = locate_run_folder(tmp_path / ".run")
    assert folder.root == (tmp_path / ".run").resolve()
    assert folder.root.is_dir()


@as_root
def test_a_closed_checkout_gets_a_link_to_a_folder_that_others_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open_all_the_way(tmp_path)
    monkeypatch.setattr(run_folder, "SYSTEM_FOLDER", tmp_path / "system")
    checkout = tmp_path / "closed" / "checkout"
    checkout.mkdir(parents=True)
    checkout.parent.chmod(0o700)
    folder = locate_run_folder(checkout / ".run")
    assert folder.root.parent == (tmp_path / "system").resolve()
    assert (checkout / ".run").is_symlink()
    assert locate_run_folder(checkout / ".run") == folder


@as_root
def test_an_existing_folder_that_others_cannot_enter_is_refused(tmp_path: Path) -> None:
    _open_all_the_way(tmp_path)
    (tmp_path / "closed" / ".run").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    with pytest.raises(RunFolderClosed, match="move it away"):
        locate_run_folder(tmp_path / "closed" / ".run")


def test_sockets_of_a_deep_folder_lie_where_their_path_fits(tmp_path: Path) -> None:
    deep = RunFolder(tmp_path / ("d" * 120))
    assert len(str(deep.supervisor_socket)) < 104
    shallow = RunFolder(Path("/srv/retrato"))
    assert shallow.supervisor_socket == Path("/srv/retrato/sockets/supervisor.sock")


def _open_all_the_way(folder: Path) -> None:
    for step in (folder, *folder.parents):
        if step.stat().st_uid == os.geteuid() and not step.stat().st_mode & 0o001:
            step.chmod(step.stat().st_mode | 0o011)
