"""Renews the suite's certificates, and has running processes show them without an outage."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

import redis.exceptions
from cryptography import x509

from infra.authorities import open_authority
from infra.certificates import find_certificate
from infra.control.failures import SuiteFailure
from infra.control.health import redis_operator
from infra.control.restart import require_accepted
from infra.control.run_lock import sole_command
from infra.control.shown_certificates import certificate_file, shown_certificates
from infra.control.stop import wait_stopped
from infra.control.supervisor import Supervisor
from infra.process import Process
from infra.processes import processes_of
from infra.suite import Suite
from shared.logs import get_logger

log = get_logger()

# Much longer than a process takes to look at its files, or a store to be replaced.
_TAKEN_UP_WITHIN_S = 120.0
_TOLD_AGAIN_AFTER_S = 15.0
_POLL_S = 0.25
_FAULTS = (SuiteFailure, OSError, TimeoutError, redis.exceptions.RedisError)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the processes show: certificates by name of process, and who shows an old one."""

    certificates: dict[str, x509.Certificate]
    late: tuple[Process, ...]


def renew_due(suite: Suite) -> list[str]:
    """Issue again what is due; returns the names. Another command at work raises SuiteFailure."""
    authority = open_authority(suite.plan.certificates, suite.folder)
    if not authority.due_pairs():
        return []
    with sole_command(suite.folder, "renew-certificates"):
        # The command that held the lock may have changed authority or certificates.
        return issue_due(suite)


def issue_due(suite: Suite) -> list[str]:
    """Like `renew_due`, for a command that has the lock."""
    authority = open_authority(suite.plan.certificates, suite.folder)
    pairs = authority.due_pairs()
    for pair in pairs:
        authority.renew(pair)
    return [pair.name for pair in pairs]


async def look_at_processes(suite: Suite) -> Shown:
    """Compare what every process shows with its file; silent processes are left out."""
    processes = processes_of(suite)
    certificates = await shown_certificates(suite, processes)
    late = [
        process
        for process in processes
        if (shown := certificates.get(process.name)) and shown != _kept(suite, process)
    ]
    return Shown(certificates, tuple(late))


def _kept(suite: Suite, process: Process) -> x509.Certificate | None:
    file = certificate_file(suite, process)
    return find_certificate(file) if file else None


async def hand_over(suite: Suite, processes: Iterable[Process]) -> None:
    """Tell processes to take up their certificates and trusted authorities.

    A Python process looks at its files by itself. A fault at one process is logged, and the others
    are told nevertheless.
    """
    for process in processes:
        try:
            await tell(suite, process)
        except _FAULTS as fault:
            log.warning("certificate_not_taken_up", process=process.name, error=repr(fault))


async def tell(suite: Suite, process: Process) -> None:
    """Tell one process; raises one of _FAULTS if it cannot be told or refuses its files."""
    if process.kind == "redis":
        pki, name = suite.folder.pki, f"{process.server}.redis"
        async with redis_operator(suite, suite.plan.redises[process.server]) as client:
            # Redis reads the files again even if it knows their names already.
            await client.config_set(
                *("tls-cert-file", str(pki / f"{name}.crt")),
                *("tls-key-file", str(pki / f"{name}.key")),
                *("tls-ca-cert-file", str(suite.ca_file)),
            )
    elif process.kind == "watcher":
        # Some read their certificate only as they start, and nobody waits for them meanwhile.
        await asyncio.to_thread(_restart, suite, process)
    elif process.kind in {"postgres", "nginx", "store"}:
        if process.kind == "nginx":
            # A balancer that refuses its configuration goes on with the old one, and says so once.
            await asyncio.to_thread(require_accepted, process)
        # A Patroni shows the certificate of its server, and passes the signal on.
        await asyncio.to_thread(Supervisor(suite.folder).signal, process.name, "HUP")


def _restart(suite: Suite, process: Process) -> None:
    supervisor = Supervisor(suite.folder)
    supervisor.begin_stop(process.name)
    wait_stopped(supervisor, [process])
    supervisor.start(process.name)


async def wait_until_taken_up(suite: Suite) -> list[str]:
    """Wait until every running process shows what its file holds; returns the names of the others.

    On a busy machine a process may not answer for a while. It counts as late, because it may still
    show its former certificate.
    """
    began_s = told_s = time.monotonic()
    while True:
        waiting = await _waiting(suite)
        now_s = time.monotonic()
        if not waiting or now_s - began_s > _TAKEN_UP_WITHIN_S:
            return [process.name for process in waiting]
        if now_s - told_s > _TOLD_AGAIN_AFTER_S:
            await hand_over(suite, waiting)
            told_s = now_s
        await asyncio.sleep(_POLL_S)


async def _waiting(suite: Suite) -> list[Process]:
    states = await asyncio.to_thread(Supervisor(suite.folder).states)
    running = [
        process
        for process in processes_of(suite)
        if process.name in states and states[process.name].is_up and _kept(suite, process)
    ]
    shown = await shown_certificates(suite, running)
    return [process for process in running if shown.get(process.name) != _kept(suite, process)]
