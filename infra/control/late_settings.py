"""Makes a running suite follow its settings: whatever began before its files were written is late.

It is asked of the files and the processes, so that a start which was cut short leaves nothing out.
"""

from collections.abc import Iterable
from pathlib import Path

from infra.control.progress import Progress
from infra.control.restart import restart_rolling
from infra.control.supervisor import Supervisor
from infra.processes import Process, Tier, processes_of
from infra.rendering.differences import files_of
from infra.suite import Suite

# Of these there are several, and the others serve meanwhile.
_RESTARTED = {Tier.SERVICES, Tier.GATEWAYS, Tier.BALANCERS}
_CLOCK_TICKS = 100
_START_TIME_FIELD = 19  # of those behind the command's name in /proc/<pid>/stat


async def apply_settings(suite: Suite, progress: Progress) -> None:
    """Restart DNS, replicas, gateways and balancers that are late; stop what is no longer drawn.

    Raises SuiteFailure if a restart cannot go on.
    """
    late = late_processes(suite)
    for process in late:
        if _serves_on(process):
            progress.say(f"{process.name} began with other settings: restarting it")
            await restart_rolling(suite, process.name, progress)
    # Last, because until now balancers and DNS may have sent requests to them.
    for name in Supervisor(suite.folder).remove_undescribed():
        progress.say(f"{name} is no longer drawn: stopped")
    for process in late:
        if not _serves_on(process):
            progress.say(
                f"{process.name} goes on with its old settings: `make restart S={process.name}`"
                " interrupts those who use it for some seconds, and makes the new ones count"
            )


def _serves_on(process: Process) -> bool:
    """Whether nobody notices its restart. While DNS is away its last answers serve on.

    DNS comes before those whose names are new in it: nothing calls a replica that it does not name.
    """
    return process.tier in _RESTARTED or process.kind == "dns"


def late_processes(suite: Suite) -> list[Process]:
    """Those that run and began before a file of theirs was written."""
    states = Supervisor(suite.folder).states()
    running = [(p, states[p.name]) for p in processes_of(suite) if p.name in states]
    return [
        process
        for process, state in running
        if state.is_up and _newest(_read_once(suite, process)) >= began_s(state.since, state.pid)
    ]


def _read_once(suite: Suite, process: Process) -> list[Path]:
    # The DNS server looks at its zone again and again.
    return [file for file in files_of(suite, process) if file.suffix != ".zone"]


def _newest(files: Iterable[Path]) -> float:
    return max((file.stat().st_mtime for file in files), default=0.0)


def began_s(since_s: int, pid: int) -> float:
    """The end of the second in which a process began, or the newest of its children.

    nginx reads its settings anew by starting new workers, while its master goes on.
    """
    started = [float(since_s)]
    try:
        boot_s = _boot_s()
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            behind_name = Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            started.append(boot_s + int(behind_name.split()[_START_TIME_FIELD]) / _CLOCK_TICKS)
    except OSError:  # It ends just now.
        pass
    return max(started) + 1.0


def _boot_s() -> int:
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    return 0
