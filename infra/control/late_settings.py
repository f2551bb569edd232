"""Makes a running suite follow its settings: restarts processes that are older than their files.

The times of files and processes decide, so an interrupted start leaves nothing out.
"""

from collections.abc import Iterable
from pathlib import Path

from infra.control.progress import Progress
from infra.control.redis_users import tell_redis_users
from infra.control.restart import restart_rolling
from infra.control.supervisor import Supervisor
from infra.failover.patroni import reload_all
from infra.process import Process, Tier
from infra.processes import processes_of
from infra.rendering.differences import files_of
from infra.rendering.failover import patroni_file_of
from infra.suite import Suite

# These tiers have several processes, so the others serve during a restart.
_RESTARTED = {Tier.SERVICES, Tier.GATEWAYS, Tier.BALANCERS, Tier.WATCHERS}
_CLOCK_TICKS = 100
_TURNS = {"dns": 0, "nginx": 1}
_START_TIME_FIELD = 19  # the index after the command's name in /proc/<pid>/stat


async def apply_settings(suite: Suite, progress: Progress) -> None:
    """Restart late DNS, services, gateways and balancers; stop processes gone from the topology.

    Raises SuiteFailure if a restart fails.
    """
    await tell_redis_users(suite)
    if suite.plan.failover is not None:
        await reload_all(suite)
    # A balancer knows what newer gateways send and still knows the older ones, so it comes first.
    late = sorted(late_processes(suite), key=lambda process: _TURNS.get(process.kind, len(_TURNS)))
    for process in late:
        if _serves_on(process):
            progress.say(f"{process.name} began with other settings: restarting it")
            await restart_rolling(suite, process.name, progress)
    # Last, because balancers and DNS may have used these processes until now.
    for name in Supervisor(suite.folder).remove_undescribed():
        progress.say(f"{name} is no longer in the topology: stopped")
    for process in late:
        if not _serves_on(process):
            progress.say(
                f"{process.name} still has its old settings: `make restart S={process.name}`"
                " applies the new ones, and interrupts its users for some seconds"
            )


def _serves_on(process: Process) -> bool:
    """Whether requests survive its restart; during a restart of DNS its last answers still serve.

    DNS restarts first, because nothing calls a new replica before DNS lists it.
    """
    return process.tier in _RESTARTED or process.kind == "dns"


def late_processes(suite: Suite) -> list[Process]:
    """Return the running processes that started before one of their files was written."""
    states = Supervisor(suite.folder).states()
    running = [(p, states[p.name]) for p in processes_of(suite) if p.name in states]
    return [
        process
        for process, state in running
        if state.is_up and _newest(_read_once(suite, process)) >= began_s(state.since, state.pid)
    ]


def _read_once(suite: Suite, process: Process) -> list[Path]:
    # The DNS server rereads its zone by itself, and a replica its password at each connect; Redis
    # is told of its users while it runs. Patroni is told after every start.
    # Prometheus rereads its targets and its token.
    reread = {".zone", ".pgpass", ".acl", ".json", ".token"}
    files = [file for file in files_of(suite, process) if file.suffix not in reread]
    return [file for file in files if file != patroni_file_of(suite, process)]


def _newest(files: Iterable[Path]) -> float:
    return max((file.stat().st_mtime for file in files), default=0.0)


def began_s(since_s: int, pid: int) -> float:
    """Return the end of the second in which a process, or its newest child, started.

    nginx rereads its settings by starting new workers, while its master goes on.
    """
    started = [float(since_s)]
    try:
        boot_s = _boot_s()
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            behind_name = Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            started.append(boot_s + int(behind_name.split()[_START_TIME_FIELD]) / _CLOCK_TICKS)
    except OSError:  # The process has just ended.
        pass
    return max(started) + 1.0


def _boot_s() -> int:
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    return 0
