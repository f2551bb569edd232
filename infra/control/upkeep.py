"""Runs the services' own upkeep with the environment of the suite."""

import os
import subprocess
import sys
from collections.abc import Callable

from infra.control.failures import SuiteFailure
from infra.control.supervisor import Supervisor
from infra.control.upkeep_lock import alone, name_holder
from infra.control.upkeep_outcomes import note_outcome
from infra.plan.parts import Job
from infra.processes import with_environment
from infra.suite import Suite

# How long an interrupted command may take to end by itself.
_END_SECONDS = 20.0


def require_running(suite: Suite) -> None:
    """Raise SuiteFailure unless the suite runs."""
    if not Supervisor(suite.folder).is_running():
        raise SuiteFailure("The suite is down: run `make up`, then run this again.")


def run_upkeep(suite: Suite, service: str, *arguments: str, command: str | None = None) -> None:
    """Run a service's upkeep module with these arguments; raises SuiteFailure if it fails.

    Only one run per `command` may exist at a time; without `command` there is no limit.
    """
    words = (f"services.{service}.upkeep", *arguments)
    require_running(suite)
    if command is None:
        code = _ended(suite, service, words)
    else:
        with alone(suite.folder, command) as lock:
            code = _ended(
                suite,
                service,
                words,
                lock=lock.fileno(),
                named=lambda pid: name_holder(lock, pid),
            )
            note_outcome(suite, command, is_well=code == 0)
    if code:
        raise SuiteFailure("Not everything is as it should be.")


def run_migrations(suite: Suite) -> None:
    """Let each service migrate its own shards, configured by its environment.

    A failing service does not stop the others. Raises SuiteFailure if any failed.
    """
    codes = {
        job.service: _ended(suite, job.service, (job.module,), environment=_file_of(suite, job))
        for job in suite.plan.jobs
    }
    failed = [name for name, code in codes.items() if code]
    if failed:
        raise SuiteFailure(f"Not at the newest migration of this code: {', '.join(failed)}.")


def _file_of(suite: Suite, job: Job) -> str:
    """Return the name of the job's environment file.

    A suite that an older version started has none, and its service owns its tables.
    """
    return job.name if suite.folder.environment(job.name).exists() else job.service


def known_primaries(suite: Suite, named: str) -> list[str]:
    """Parse a comma-separated list of primaries; raises SuiteFailure for an unknown name."""
    there = {database.name for database in suite.plan.every_database}
    wanted = [name.strip() for name in named.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise SuiteFailure(
            f"There is no primary {', '.join(unknown)}; there are: {', '.join(sorted(there))}."
        )
    return wanted


def _ended(
    suite: Suite,
    service: str,
    words: tuple[str, ...],
    *,
    lock: int | None = None,
    named: Callable[[int], None] = lambda _pid: None,
    environment: str | None = None,
) -> int:
    """Run a module of the service with arguments, and return its exit status."""
    child = subprocess.Popen(
        [
            *with_environment(suite, environment or service),
            sys.executable,
            "-m",
            *words,
        ],
        env={
            **os.environ,
            f"{service.upper()}_INSTANCE": f"{service}-upkeep",
            f"{service.upper()}_LISTEN_HOST": "127.0.0.1",
        },
        # The child holds the lock too, because it may outlive this process.
        pass_fds=() if lock is None else (lock,),
    )
    named(child.pid)
    try:
        return child.wait()
    except KeyboardInterrupt:
        # The terminal has sent SIGINT to the child too.
        _end(child)
        raise


def _end(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
