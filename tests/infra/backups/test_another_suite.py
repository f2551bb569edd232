"""A suite that comes from elsewhere takes the place of another one only if it is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.backups.restore import Wish, _make_place
from infra.backups.subprocesses import BackupFailure
from infra.control.progress import Progress
from infra.plan.parts import Secret
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in

_QUIET = Progress(quiet=True)


def _wish(*, replaces: bool, takes_place: bool, is_moved: bool = True) -> Wish:
    return Wish(None, "", replaces, is_moved=is_moved, takes_place=takes_place)


_FULL = _wish(replaces=True, takes_place=True)


def _secrets(superuser: str, **more: str) -> bytes:
    return json.dumps({"postgres_superuser": superuser, "backup_suite": "of old", **more}).encode()


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    opened = suite_in(RunFolder(tmp_path), "127.99")
    given = Secret("watch_mail", given=True)
    return replace(opened, plan=replace(opened.plan, secrets=(*opened.plan.secrets, given)))


def _known(suite: Suite) -> dict[str, str]:
    known: dict[str, str] = json.loads(suite.folder.secrets_file.read_bytes())
    return known


@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.parametrize("takes_place", [True, False])
def test_another_suite_is_put_aside_only_if_both_are_said(
    suite: Suite, replaces: bool, takes_place: bool
) -> None:
    suite.folder.secrets_file.write_bytes(_secrets("ours"))
    if replaces and takes_place:
        _make_place(suite, _secrets("theirs"), _FULL, _QUIET)
        assert _known(suite)["postgres_superuser"] == "theirs"
        return
    with pytest.raises(BackupFailure, match="holds another suite"):
        _make_place(
            suite, _secrets("theirs"), _wish(replaces=replaces, takes_place=takes_place), _QUIET
        )
    assert suite.folder.secrets_file.read_bytes() == _secrets("ours")


def test_all_of_it_is_aside_and_what_the_machine_has_stays(suite: Suite) -> None:
    folder = suite.folder
    suite.folder.secrets_file.write_bytes(_secrets("ours"))
    own = ("data/postgres/users-a/PG_VERSION", "data/store/photo", "pki/ca.key", "ledger.json")
    machines = ("data/acme/account", "log/nginx-1.log", "installed")
    for name in (*own, *machines):
        (folder.root / name).parent.mkdir(parents=True, exist_ok=True)
        (folder.root / name).write_text(name, encoding="utf-8")
    _make_place(suite, _secrets("theirs"), _FULL, _QUIET)
    (aside,) = folder.root.glob("another-suite.aside-*")
    assert aside.stat().st_mode & 0o077 == 0
    assert (aside / "secrets.json").read_bytes() == _secrets("ours")
    held = {path.read_text(encoding="utf-8") for path in aside.rglob("*") if path.is_file()}
    assert set(own) <= held
    assert not [name for name in own if (folder.root / name).exists()]
    assert all((folder.root / name).exists() for name in machines)


def test_what_only_the_operator_knows_is_kept(suite: Suite) -> None:
    suite.folder.secrets_file.write_bytes(_secrets("ours", watch_mail="of this machine"))
    _make_place(suite, _secrets("theirs", watch_mail="of the laptop"), _FULL, _QUIET)
    assert _known(suite)["watch_mail"] == "of this machine"


def test_an_installation_that_only_asked_for_keys_is_no_suite(suite: Suite) -> None:
    suite.folder.secrets_file.write_text(json.dumps({"watch_mail": "mine"}), encoding="utf-8")
    plain = _wish(replaces=False, takes_place=False)
    _make_place(suite, _secrets("theirs"), plain, _QUIET)
    assert _known(suite)["watch_mail"] == "mine"
    assert _known(suite)["postgres_superuser"] == "theirs"
    # Two suites would spoil a shared archive.
    assert _known(suite)["backup_suite"] != "of old"


def test_the_secrets_of_the_same_suite_stay_as_they_are(suite: Suite) -> None:
    suite.folder.secrets_file.write_bytes(_secrets("ours", more="kept"))
    _make_place(suite, _secrets("ours"), _FULL, _QUIET)
    assert suite.folder.secrets_file.read_bytes() == _secrets("ours", more="kept")


def test_into_an_empty_folder_a_suite_of_its_own_backups_keeps_its_name(suite: Suite) -> None:
    here = _wish(replaces=False, takes_place=False, is_moved=False)
    _make_place(suite, _secrets("ours"), here, _QUIET)
    assert _known(suite)["backup_suite"] == "of old"
