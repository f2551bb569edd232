"""The bundle of keys unpacks to the same files, and only into the run folder."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.backups.bundle import packed, unpacked, write_bundle
from infra.backups.restore import _renamed
from infra.backups.subprocesses import BackupFailure
from infra.run_folder import RunFolder
from infra.secret_values import KEY_BYTES

_NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True)


@given(files=st.dictionaries(_NAMES, st.binary(max_size=50), max_size=5))
def test_what_was_packed_is_unpacked_and_packs_alike(files: dict[str, bytes]) -> None:
    assert unpacked(packed(files)) == files
    assert packed(unpacked(packed(files))) == packed(files)


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "pki/../../outside"])
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    with pytest.raises(BackupFailure):
        unpacked(buffer.getvalue())


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("mine", encoding="utf-8")
    write_bundle({"secrets.json": b"theirs", "pki/ca.key": b"key"}, RunFolder(tmp_path))
    assert (tmp_path / "secrets.json").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "pki" / "ca.key").stat().st_mode & 0o777 == 0o600


def _secrets(superuser: str) -> bytes:
    return json.dumps({"postgres_superuser": superuser, "backup_suite": "made anew"}).encode()


def test_a_suite_that_moves_takes_another_name_and_keeps_all_else() -> None:
    moved = json.loads(_renamed(_secrets("theirs")))
    assert moved["postgres_superuser"] == "theirs"
    assert len(bytes.fromhex(moved["backup_suite"])) == KEY_BYTES
