"""An account that owns a folder cannot make root write or give away a file elsewhere by a link."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.json_files import write_durably
from infra.rendering.files import make_folder, write_rendered

ACCOUNT = account_for("postgres")


@pytest.fixture
def of_root(tmp_path: Path) -> Path:
    file = tmp_path / "of-root"
    file.write_text("of root")
    file.chmod(0o600)
    return file


def _is_untouched(file: Path) -> bool:
    found = file.stat()
    is_ours = found.st_uid == os.geteuid()
    return file.read_text() == "of root" and is_ours and found.st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["server.conf.draft", "server.conf"])
def test_a_rendered_file_takes_the_place_of_a_link(
    tmp_path: Path, of_root: Path, name: str
) -> None:
    folder = make_folder(tmp_path / "etc", ACCOUNT)
    (folder / name).symlink_to(of_root)
    write_rendered(folder / "server.conf", "rendered", ACCOUNT)
    assert _is_untouched(of_root)
    assert (folder / "server.conf").read_text() == "rendered"
    assert not (folder / "server.conf").is_symlink()


def test_a_link_to_a_file_of_equal_text_is_not_given_away(tmp_path: Path, of_root: Path) -> None:
    folder = make_folder(tmp_path / "etc", ACCOUNT)
    (folder / "server.conf").symlink_to(of_root)
    with pytest.raises(OSError, match="symbolic links"):
        write_rendered(folder / "server.conf", "of root", ACCOUNT)
    assert _is_untouched(of_root)


def _owned(folder: Path) -> None:
    ACCOUNT.own(folder, 0o700)


def _made(folder: Path) -> None:
    make_folder(folder, ACCOUNT)


@pytest.mark.parametrize("give", [_owned, _made])
def test_a_folder_behind_a_link_is_not_given_away(
    tmp_path: Path, give: Callable[[Path], None]
) -> None:
    target = tmp_path / "of-root"
    target.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(target)
    before = target.stat()
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        give(tmp_path / "link")
    assert (target.stat().st_uid, target.stat().st_mode) == (before.st_uid, before.st_mode)


def test_a_document_is_not_written_through_a_link(tmp_path: Path, of_root: Path) -> None:
    (tmp_path / "ledger.json.draft").symlink_to(of_root)
    with pytest.raises(OSError, match="symbolic links"):
        write_durably(tmp_path / "ledger.json", "{}")
    assert _is_untouched(of_root)
