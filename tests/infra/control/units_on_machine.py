"""Runs on a machine with systemd: controls three small processes as units, and checks each step."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from infra.accounts import Account
from infra.control.supervisor import Supervisor
from infra.control.units import Units
from infra.plan.parts import Check, PlannedProcess
from infra.process import Process, Tier
from infra.rendering.systemd import UNIT_FOLDER, unit_of, units
from infra.run_folder import RunFolder

_NOBODY = 65534
_WAITS = 'trap "echo bye; exit 0" TERM; echo "$0"; while :; do sleep 0.1; done'
_LOOKS = "grep CapBnd /proc/self/status; touch /etc/x || echo closed; exec sleep 1000"
_ODD = '50% of $HOME and "more"'


def main() -> None:
    """Check every word of the supervisor's interface."""
    folder = RunFolder(Path("/var/lib/retrato"))
    folder.log.mkdir(parents=True, exist_ok=True)
    folder.installed_file.touch()
    data = _process("data-1", Tier.DATA, ("/bin/sh", "-c", _WAITS, _ODD), uid=_NOBODY)
    root = _process("root-1", Tier.SERVICES, ("/bin/sh", "-c", _LOOKS), kept=("kill", "chown"))
    edge = _process("edge-1", Tier.BALANCERS, ("/bin/sleep", "1000"))
    _write(folder, data, root, edge)
    supervisor = Supervisor(folder)
    assert isinstance(supervisor, Units)
    assert not supervisor.is_running()
    supervisor.launch()
    assert supervisor.is_running()

    def is_in(name: str, state: str) -> Callable[[], bool]:
        return lambda: supervisor.state(name).state == state

    for name in ("data-1", "root-1", "edge-1"):
        supervisor.start(name)
        _eventually(is_in(name, "RUNNING"))
    first = supervisor.states()["edge-1"]
    assert abs(first.since - time.time()) < 60
    # What ends is started again, and at once if somebody asks for it.
    os.kill(first.pid, signal.SIGKILL)
    _eventually(is_in("edge-1", "BACKOFF"))
    supervisor.start("edge-1")
    _eventually(is_in("edge-1", "RUNNING"))
    assert supervisor.state("edge-1").pid != first.pid
    # An ordered stop is no failure, and a second one no error.
    supervisor.begin_stop("data-1")
    _eventually(is_in("data-1", "STOPPED"))
    supervisor.begin_stop("data-1")
    supervisor.signal("data-1", "TERM")
    # Another description counts from the next start, and a process without one is stopped.
    _write(folder, data, _process("edge-1", Tier.BALANCERS, ("/bin/sleep", "2000")))
    (UNIT_FOLDER / unit_of("root-1")).unlink()
    assert "edge-1" in supervisor.reload()
    assert supervisor.state("edge-1").is_up
    assert supervisor.remove_undescribed("other-") == []
    assert supervisor.remove_undescribed() == ["root-1"]
    supervisor.start("data-1")
    supervisor.end()
    assert not supervisor.is_running()
    assert {state.state for state in supervisor.states().values()} == {"STOPPED"}
    said = folder.process_log("data-1").read_text(encoding="utf-8").splitlines()
    assert said[:2] == [_ODD, "bye"], said
    said = folder.process_log("root-1").read_text(encoding="utf-8").split()
    assert "0000000000000021" in said, said
    assert "closed" in said


def _process(
    name: str, tier: Tier, command: tuple[str, ...], *, uid: int = 0, kept: tuple[str, ...] = ()
) -> Process:
    planned = PlannedProcess(name, kind="service", service=name, host="local", address="", port=0)
    account = Account("somebody", uid, uid, switch=bool(uid))
    check = Check(name, "service")
    return Process(planned, check, tier, command, account, Path("/"), capabilities=kept)


def _write(folder: RunFolder, *processes: Process) -> None:
    for name, text in units(processes, folder).items():
        (UNIT_FOLDER / name).write_text(text, encoding="utf-8")


def _eventually(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline_s
        os.sched_yield()


if __name__ == "__main__":
    main()
