"""Started by root, each part has an account that reads its own keys and none of the others'."""

import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from infra.accounts import Account, account_for
from infra.plan.planning import plan_of
from infra.status.accounts import PUBLIC_FOLDERS, PUBLIC_SUFFIXES, Access, access_of
from infra.topology import load_topology
from tests.suite import Suite

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="started by an ordinary user, all parts share that user"
)
ROLES = sorted({process.role for process in plan_of(load_topology(network=None)).processes})
OF_ROOT = {"backup-keeper", "caretaker"}
OWN = [role for role in ROLES if role not in OF_ROOT]
# Tables and WAL are as closed as the folder that they are in, and there are thousands.
_LEFT_OUT = {"base", "pg_wal", "pg_xact"}
_OPEN = """
import os, sys
for name in sys.stdin.read().splitlines():
    try:
        os.close(os.open(name, os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        continue
    print(name)
"""
_SIGNAL = """
import os, sys
for pid in sys.stdin.read().split():
    try:
        os.kill(int(pid), 0)
    except OSError:
        continue
    print(pid)
"""


def _as_account(
    account: Account, program: str, lines: list[str], readable: tuple[Account, ...] = ()
) -> set[str]:
    done = subprocess.run(
        [*account.switch_words(*readable), "/usr/bin/python3", "-c", program],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        timeout=60,
    )
    return set(done.stdout.splitlines())


def _files(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (str(Path(place, name)) for name in files)


def _rows(suite: Suite) -> dict[str, Access]:
    return {row.role: row for row in access_of(suite.on_disk)}


def _may_read(row: Access | None, name: str) -> bool:
    own = row.reads if row else ()
    return name.endswith(PUBLIC_SUFFIXES) or any(
        name.startswith(entry) if entry.endswith("/") else fnmatch(name, entry)
        for entry in (*own, *PUBLIC_FOLDERS)
    )


@pytest.mark.parametrize("role", [*OWN, "nobody"])
def test_an_account_reads_its_own_files_and_none_of_the_others(suite: Suite, role: str) -> None:
    row = _rows(suite).get(role)
    account = Account("nobody", 65534, 65534, switch=True) if row is None else account_for(role)
    root = suite.run_dir
    names = [name.removeprefix(f"{root}/") for name in _files(root)]
    assert {"secrets.json", "pki/ca.key", "etc/operator_token", "log/feed-1.log"} <= set(names)
    readable = next((p.readable for p in suite.processes() if p.planned.role == role), ())
    read = _as_account(account, _OPEN, [f"{root}/{name}" for name in names], readable)
    read = {name.removeprefix(f"{root}/") for name in read}
    assert {name for name in read if not _may_read(row, name)} == set()
    own = [entry for entry in (row.reads if row else ()) if entry.endswith((".env", ".key"))]
    assert [entry for entry in own if not any(fnmatch(name, entry) for name in read)] == []


@pytest.mark.parametrize("role", OWN)
def test_an_account_reaches_no_process_of_another(suite: Suite, role: str) -> None:
    others = [p for p in suite.processes() if p.planned.role != role and suite.pid(p.name)]
    assert others
    pids = [str(suite.pid(process.name)) for process in others]
    account = account_for(role)
    assert _as_account(account, _SIGNAL, pids) == set()
    secret = [f"/proc/{pid}/{part}" for pid in pids for part in ("environ", "mem", "maps")]
    assert _as_account(account, _OPEN, secret) == set()


def _status(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text(encoding="ascii").split():
            yield from _with_children(int(child))


def test_each_process_has_given_up_what_it_does_not_need(suite: Suite) -> None:
    for process in suite.processes():
        pid = suite.pid(process.name)
        status = _status(pid)
        assert status["NoNewPrivs"] == ["1"], process.name
        assert status["Uid"] == [str(process.account.uid)] * 4, process.name
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), process.name
        bounding = int(status["CapBnd"][0], 16)
        assert bounding.bit_count() <= len(process.capabilities), process.name
        if process.account.switch:
            assert int(status["CapEff"][0], 16) == 0, process.name
            assert status["Groups"] == [str(other.gid) for other in process.readable], process.name


def test_the_decoders_are_no_more_than_their_worker(suite: Suite) -> None:
    (worker,) = [name for name in suite.process_names("upload") if "worker" in name]
    pids = list(_with_children(suite.pid(worker)))
    assert len(pids) > 1
    for pid in pids:
        assert set(_status(pid)["Uid"]) == {str(account_for("upload-worker").uid)}
        assert int(_status(pid)["CapPrm"][0], 16) == 0


def test_a_folder_that_root_has_written_is_given_to_its_account_once(tmp_path: Path) -> None:
    account = account_for("store")
    tree = tmp_path / "store"
    (tree / "bucket").mkdir(parents=True)
    (tree / "bucket" / "photo").touch()
    (tree / "outside").symlink_to(tmp_path)
    account.own_tree(tree)
    assert {path.lstat().st_uid for path in (tree, *tree.rglob("*"))} == {account.uid}
    assert tmp_path.stat().st_uid == 0, "a link was followed"
    (tree / "later").touch()
    account.own_tree(tree)
    assert (tree / "later").stat().st_uid == 0
    account.own_tree(tree, mixed=True)
    assert (tree / "later").stat().st_uid == account.uid


def test_an_absent_folder_has_nothing_to_give(tmp_path: Path) -> None:
    account_for("store").own_tree(tmp_path / "nowhere")
