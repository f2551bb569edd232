"""Examines whether a machine is fit to serve people; each finding says what to do."""

import asyncio
import ctypes
import errno
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.backups.complaints import backup_lines
from infra.control.disk_space import short_of_disk_space
from infra.control.fit_to_install import ports_of_ssh
from infra.control.ports import listeners_at
from infra.control.supervisor import Supervisor
from infra.plan.figures import Public
from infra.status.certificates import certificate_lines
from infra.suite import Suite, drawn_plan

_GIB = 1024**3
# What a suite of this size used in operation, with room for a restart of its largest part.
_MEMORY_MIN = int(3.5 * _GIB)
_PROCESSORS_MIN = 2
_LANDLOCK_CREATE = 444
_LANDLOCK_VERSION_FLAG = 1
_DNS_LIMIT_S = 10.0
_ANY = {"0.0.0.0", "::"}  # noqa: S104 - what the topology may say


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, with what was found, and what to do if that is wrong."""

    what: str
    is_well: bool
    remedy: str = ""


async def examine(suite: Suite) -> list[Finding]:
    """Return a finding for each thing that a public machine needs."""
    found = [*_machine(suite), *_kernel(), *_clock(), *_supervision(suite)]
    found += await asyncio.to_thread(lambda: list(_name(suite)))
    found += [*_keeping(suite), *_alerts(suite)]
    lines, is_well = await certificate_lines(suite)
    remedy = "`make certificate` gets one; `make status` shows all of them."
    found.append(Finding("; ".join(line.strip() for line in lines), is_well, remedy))
    return found


def _machine(suite: Suite) -> Iterator[Finding]:
    short = short_of_disk_space(suite)
    free = shutil.disk_usage(suite.folder.root).free / _GIB
    said = "; ".join(line.strip() for line in short) or f"disk: {free:.0f} GiB free"
    yield Finding(said, not short, "Free space or a larger disk: docs/operations/full-disk.md.")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Finding(
        f"memory: {memory / _GIB:.1f} GiB",
        memory >= _MEMORY_MIN,
        f"A suite with its watchers wants {_MEMORY_MIN / _GIB:.1f} GiB at least: take more.",
    )
    processors = os.cpu_count() or 1
    remedy = f"Take a machine with {_PROCESSORS_MIN} at least."
    yield Finding(f"processors: {processors}", processors >= _PROCESSORS_MIN, remedy)


def _kernel() -> Iterator[Finding]:
    """Yield the walls around the decoder of pictures, and the firewall."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG)
    remedy = "Take a kernel of 5.13 or newer, with landlock in its list of security modules."
    yield Finding(
        f"kernel: landlock {'of version ' + str(version) if version > 0 else 'is missing'}",
        version > 0,
        remedy,
    )
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    yield Finding("kernel: seccomp", actions.exists(), "Take a kernel with CONFIG_SECCOMP_FILTER.")
    spaces = _number(Path("/proc/sys/user/max_net_namespaces"))
    remedy = "Set user.max_net_namespaces above 0 by sysctl."
    yield Finding(f"kernel: network namespaces, {spaces} at most", spaces > 0, remedy)
    done = _run("nft", "list", "table", "inet", "retrato")
    remedy = "`make install` loads it; `apt-get install nftables` brings the program."
    yield Finding("firewall: the plan's rules", done == 0, remedy)


def _clock() -> Iterator[Finding]:
    """Yield whether the kernel says that somebody keeps its clock right."""

    class Timex(ctypes.Structure):
        """The head of the kernel's structure; the rest is not read."""

        _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 500)]

    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(Timex()))
    unsynchronised = 5  # TIME_ERROR
    remedy = "`apt-get install systemd-timesyncd`, or chrony: tokens and certificates need it."
    yield Finding("clock: kept right by NTP", 0 <= state < unsynchronised, remedy)


def _supervision(suite: Suite) -> Iterator[Finding]:
    is_installed = suite.folder.installed_file.exists()
    yield Finding("boot: the suite starts by itself", is_installed, "`make install` as root.")
    runs = Supervisor(suite.folder).is_running()
    yield Finding(
        "suite: it is to run", runs, "`make up` starts it; `make status` shows each part."
    )


def _name(suite: Suite) -> Iterator[Finding]:
    public = suite.plan.public
    if public is None:
        remedy = "Draw [public] in infra/topology.toml, then `make install`."
        yield Finding("public name: none, so nobody outside can come", False, remedy)
        return
    yield from _record(public)
    let_in, used = public.ssh_port, ports_of_ssh()
    yield Finding(
        f"SSH: the firewall lets in port {let_in}, and servers use {_list(used)}",
        not used or let_in in used,
        "Set public.ssh_port to the port of your SSH server, then `make install`.",
    )
    held = {held.port for held in listeners_at(public.endpoints)}
    missing = sorted({public.port, public.tls_port} - held)
    said = "somebody listens at both" if not missing else f"nobody listens at {missing}"
    yield Finding(f"ports 80 and 443: {said}", not missing, "`make up`, then `make logs S=nginx`.")


def _record(public: Public) -> Iterator[Finding]:
    """Yield whether the name leads to an address of this machine."""
    try:
        answers = socket.getaddrinfo(public.domain, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        remedy = f"Add an A record (and AAAA) of {public.domain} with this machine's address."
        yield Finding(f"DNS: {public.domain} leads nowhere ({error})", False, remedy)
        return
    for address in sorted({str(answer[4][0]) for answer in answers}):
        is_ours = _is_ours(address)
        remedy = (
            "Correct the record, unless a provider's translation or a proxy in front has that"
            " address: then open the page of https:// from another network instead."
        )
        said = "of this machine" if is_ours else "which is no address of this machine"
        yield Finding(f"DNS: {public.domain} leads to {address}, {said}", is_ours, remedy)


def _is_ours(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            return error.errno != errno.EADDRNOTAVAIL
    return True


def _keeping(suite: Suite) -> Iterator[Finding]:
    lines, are_well = backup_lines(suite)
    said = "; ".join(line.strip() for line in lines) or "backups: off"
    backup = suite.plan.backup
    if not drawn_plan().backup.enabled:
        yield Finding("backups: none, as backup.enabled says", is_well=True)
        return
    is_well = backup.enabled and are_well
    yield Finding(said, is_well, "`make up BACKUPS=on`; docs/operations/backups.md.")
    folder = Path(backup.folder) if backup.folder else suite.folder.backups
    is_elsewhere = not backup.embedded or (
        folder.exists() and folder.stat().st_dev != suite.folder.root.stat().st_dev
    )
    remedy = 'Set backup.kind = "external", or backup.folder on another disk.'
    yield Finding("backups: they survive the loss of this disk", is_elsewhere, remedy)


def _alerts(suite: Suite) -> Iterator[Finding]:
    watch, drawn = suite.plan.watch, drawn_plan().watch
    if drawn is not None and drawn.unheard:
        yield Finding("alerts: nobody gets them, as alerts.unheard says", is_well=True)
        return
    if watch is None:
        yield Finding("alerts: nothing watches", False, "`make up WATCH=1`.")
        return
    remedy = "Set alerts.mail or alerts.webhook: docs/operations/alerts.md."
    has_mail = bool(watch.mail.to)
    yield Finding("alerts: somebody hears them", has_mail or bool(watch.webhook), remedy)
    if has_mail:
        host, _colon, port = watch.mail.smarthost.rpartition(":")
        try:
            socket.create_connection((host, int(port)), _DNS_LIMIT_S).close()
            problem = ""
        except (OSError, ValueError) as error:
            problem = f" ({error})"
        said = f"alerts: the mail server {watch.mail.smarthost} answers{problem}"
        yield Finding(said, not problem, "Check alerts.mail.smarthost and the provider's rules.")


def _list(ports: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ports))) or "none"


def _number(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _run(*words: str) -> int:
    try:
        return subprocess.run(words, check=False, capture_output=True, timeout=10).returncode
    except (OSError, subprocess.TimeoutExpired):
        return -1
