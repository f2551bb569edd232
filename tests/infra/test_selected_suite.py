"""How a shell selects a suite: unusable small files, and folders of other users."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.run_folder import REPOSITORY, RunFolder
from infra.suite import limits_of, network_of, open_suite, suite_in
from infra.topology_tables import TopologyError

NO_TEXT = b"\xff\xfe\x00"


@pytest.mark.parametrize("content", [NO_TEXT, b"127", b"127.20.1", b"elsewhere"])
def test_a_file_that_names_no_network(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "network").write_bytes(content)
    with pytest.raises(TopologyError, match=f"{tmp_path / 'network'} names no network"):
        network_of(RunFolder(tmp_path), requested="127.21")


@pytest.mark.parametrize("content", [NO_TEXT, b"lose"])
def test_a_file_of_other_limits_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "limits").write_bytes(content)
    with pytest.raises(TopologyError, match=f"{tmp_path / 'limits'} is one of usual, loose"):
        limits_of(RunFolder(tmp_path), requested=None)
    assert limits_of(RunFolder(tmp_path), requested="loose") == "loose"


@pytest.mark.parametrize("content", [NO_TEXT, b"maybe"])
def test_a_file_of_other_backups_is_named(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETRATO_BACKUPS", raising=False)
    (tmp_path / "backups-are").write_bytes(content)
    with pytest.raises(TopologyError, match=f"{tmp_path / 'backups-are'} is one of on, off"):
        suite_in(RunFolder(tmp_path), "127.21")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("name", ["network", "ledger.json", "secrets.json"])
def test_a_folder_that_another_user_made(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (tmp_path, *tmp_path.parents[:-1]):
        step.chmod(step.stat().st_mode | 0o011)
    file = tmp_path / name
    file.write_text("127.21", encoding="ascii")
    monkeypatch.setenv("RETRATO_RUN_DIR", str(tmp_path))
    monkeypatch.delenv("RETRATO_NET", raising=False)
    open_suite()
    stranger = next(user for user in pwd.getpwall() if user.pw_uid not in {0, os.geteuid()})
    shutil.chown(file, stranger.pw_uid)
    with pytest.raises(SuiteFailure, match=f"belongs to {stranger.pw_name}: run this as that user"):
        open_suite()


def test_a_reader_that_goes_away_ends_no_work(tmp_path: Path) -> None:
    script = (
        "from infra.control.progress import Progress\n"
        "progress = Progress()\n"
        "for number in range(100): progress.say('x' * 10_000)\n"
        f"open({str(tmp_path / 'done')!r}, 'w').close()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.readline()
    child.stdout.close()
    assert (child.stderr.read(), child.wait(timeout=60)) == ("", 0)
    child.stderr.close()
    assert (tmp_path / "done").exists()
