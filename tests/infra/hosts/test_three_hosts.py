"""Three hosts in namespaces serve people; one is cut off and healed, then one loses its power."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from infra.run_folder import REPOSITORY
from prove.history import History, read_history
from tests.eventually import eventually
from tests.infra.hosts.losses import losses_of, pauses, reads_of
from tests.infra.hosts.mixed_requests import FINDINGS, HISTORY, NAMES
from tests.infra.hosts.namespaces import CLIENT, Hosts, may_make_namespaces

pytestmark = [
    pytest.mark.suite,
    pytest.mark.long,
    pytest.mark.skipif(not may_make_namespaces(), reason="it needs network namespaces"),
]
_SERVES_WITHIN_S = 180.0
# The history says what was lost; a machine that others use too may be slow, but loses nothing.
_CALM_S, _CUT_S, _KILLED_S, _PAUSE_SEEN_S = 15.0, 30.0, 40.0, 60.0
_GATHERED_WITHIN_S = 900.0


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    # Open to all accounts, unlike pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/var/tmp"))
    folder.chmod(0o711)
    suite = Hosts(folder)
    try:
        suite.make()
        suite.render()
        suite.start()
        yield suite
    finally:
        suite.remove()
        shutil.rmtree(folder, ignore_errors=True)


def test_both_balancers_sign_people_up(hosts: Hosts) -> None:
    nginx = hosts.suite.plan.nginx
    for address in nginx.replicas:
        _serves(hosts, f"http://{address}:{nginx.port}")


def test_nobody_else_reaches_a_database(hosts: Hosts) -> None:
    member = hosts.suite.plan.members[0]
    word = f"host={member.address} port={member.port} user=postgres sslmode=require dbname=postgres"
    done = subprocess.run(
        [*hosts.inside(CLIENT), "psql", word, "-c", "SELECT 1"],
        env={"PGPASSWORD": hosts.suite.secrets["postgres_superuser"], "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "pg_hba.conf rejects connection" in done.stderr


async def test_a_cut_and_a_lost_host_lose_no_acknowledged_write(hosts: Hosts) -> None:
    cut, killed = "two", "three"
    async with _loaded(hosts) as tell:
        await _recorded(hosts, _CALM_S)
        tell(f"begin {cut} {_processes(hosts, cut)}")
        hosts.cut(cut)
        await _recorded(hosts, _CUT_S)
        hosts.heal(cut)
        tell("heal")
        await _all_well(hosts)
        tell("well")
        await _recorded(hosts, _CALM_S)
        tell(f"begin {killed} {_processes(hosts, killed)}")
        hosts.kill(killed)
        await _recorded(hosts, _KILLED_S)
        hosts.heal(killed)
        hosts.boot(killed)
        tell("heal")
        await _all_well(hosts)
        tell("well")
    await asyncio.to_thread(_gather, hosts)
    findings = json.loads((hosts.folder / FINDINGS).read_text(encoding="utf-8"))
    assert {name: found for name, found in findings.items() if found} == {}
    history = read_history(hosts.folder / HISTORY)
    _tell_figures(hosts, history)
    left = json.loads((hosts.folder / NAMES).read_text(encoding="utf-8"))
    assert left
    assert all(seconds >= 0 for seconds in left.values()), left
    # Whatever lost a primary has a leader again, and takes writes before the host is back.
    for fault in history.faults:
        written = pauses(hosts.suite.plan, history, fault, _PAUSE_SEEN_S)
        assert {one.name for one in losses_of(hosts.suite.plan, fault)} <= {
            *written,
            "upload-a",
            "upload-b",
        }


async def _recorded(hosts: Hosts, seconds: float) -> None:
    """Wait until the recording is longer by so many seconds."""
    until_s = _recorded_s(hosts) + seconds

    def look() -> None:
        assert _recorded_s(hosts) >= until_s

    await eventually(partial(asyncio.to_thread, look), within_s=4 * seconds, every_s=0.5)


def _recorded_s(hosts: Hosts) -> float:
    return read_history(hosts.folder / HISTORY).seconds


def _tell_figures(hosts: Hosts, history: History) -> None:
    """Print what a person compares with what the documents promise; times depend on the machine."""
    reads = reads_of(history)
    lines = [f"{len(history.operations)} operations in {history.loaded_s:.0f} s", f"reads: {reads}"]
    for fault in history.faults:
        longest = pauses(hosts.suite.plan, history, fault, _PAUSE_SEEN_S)
        lines.append(f"{fault.kind}: { ({name: round(s, 1) for name, s in longest.items()}) }")
    lines.append((hosts.folder / NAMES).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join(lines) + "\n")


def _processes(hosts: Hosts, name: str) -> str:
    return " ".join(one.name for one in hosts.suite.plan.processes if one.host == name)


@asynccontextmanager
async def _loaded(hosts: Hosts) -> AsyncIterator["_Tell"]:
    """Load the suite from the client's namespace inside the block."""
    child = await asyncio.create_subprocess_exec(
        *hosts.inside(CLIENT),
        *(sys.executable, "-m", "tests.infra.hosts.mixed_requests", "load", str(hosts.folder)),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert await child.stdout.readline() == b"loaded\n"
        yield _Tell(child.stdin)
        child.stdin.write(b"end\n")
        assert await child.stdout.readline() == b"done\n"
        assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


class _Tell:
    def __init__(self, pipe: asyncio.StreamWriter) -> None:
        self._pipe = pipe

    def __call__(self, line: str) -> None:
        self._pipe.write(f"{line}\n".encode())


def _gather(hosts: Hosts) -> None:
    done = subprocess.run(
        [
            *hosts.inside(hosts.names[0]),
            *(sys.executable, "-m", "tests.infra.hosts.mixed_requests", "gather"),
            str(hosts.folder),
        ],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=_GATHERED_WITHIN_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def _all_well(hosts: Hosts) -> None:
    """Wait until each database has a leader and all its members follow it."""
    await eventually(
        partial(asyncio.to_thread, _look_at_members, hosts), within_s=_SERVES_WITHIN_S, every_s=1.0
    )


def _look_at_members(hosts: Hosts) -> None:
    said = hosts.run_on(hosts.names[0], sys.executable, "-m", "infra.hosts.standing")
    assert "not well" not in said, said


def _serves(hosts: Hosts, url: str) -> None:
    """Sign somebody up from the client's namespace, once all processes are warm."""
    words = ("-m", "tests.infra.hosts.sign_up", url, str(_SERVES_WITHIN_S))
    said = subprocess.run(
        [*hosts.inside(CLIENT), sys.executable, *words],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=_SERVES_WITHIN_S + 60,
    )
    assert said.returncode == 0, said.stdout + said.stderr
