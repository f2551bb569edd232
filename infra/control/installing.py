"""Installs the suite as units of systemd that start at boot, and removes them again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.control.fit_to_install import require_fit
from infra.control.progress import Progress
from infra.control.recorded_stop import stop_and_record
from infra.control.supervisor import Supervisor
from infra.processes import processes_of
from infra.rendering.files import make_folder, render, write_rendered
from infra.rendering.supervisor import render_units
from infra.rendering.systemd import (
    BOOT,
    FIREWALL,
    ROTATION_TIMER,
    TARGET,
    UNIT_FOLDER,
    boot_unit,
    firewall_unit,
    name_of_unit,
    rotation_units,
    unit_of,
)
from infra.run_folder import RunFolder
from infra.suite import Suite

_BOOTED_BY_SYSTEMD = Path("/run/systemd/system")
_LIMIT_S = 120.0
_ENABLED = (BOOT, FIREWALL, ROTATION_TIMER)
# Debian starts these at boot, at ports of ours; the suite runs the same programs itself.
_DEBIANS = (
    *("nginx", "postgresql", "redis-server", "pdns", "etcd", "prometheus"),
    *("prometheus-alertmanager", "prometheus-postgres-exporter", "prometheus-redis-exporter"),
    "prometheus-nginx-exporter",
)
# A connection that waits at a balancer which ends goes to the other one.
_KERNEL_FILE = Path("/etc/sysctl.d/60-retrato.conf")
_KERNEL_SETTING = Path("/proc/sys/net/ipv4/tcp_migrate_req")
_KERNEL_TEXT = "net.ipv4.tcp_migrate_req = 1\n"
_OPEN_MODE = 0o644
# These settings of the shell belong to the installed suite from then on.
_KEPT_SETTINGS = ("RETRATO_RUN_DIR", "RETRATO_VENV_DIR", "RETRATO_NET")


def install(suite: Suite, progress: Progress) -> None:
    """Write the units and enable them; `make up` then starts the suite by them.

    A suite that runs under a supervisor is stopped first. Raises SuiteFailure.
    """
    require_systemd()
    require_fit(suite)
    folder = suite.folder
    if not folder.installed_file.exists():
        if Supervisor(folder).is_running():
            progress.say("stopping the suite, which another supervisor runs")
            stop_and_record(suite, progress)
        folder.installed_file.touch()
    _silence_debians(progress)
    owner = account_for("supervisor")
    make_folder(folder.etc, owner, 0o711)
    make_folder(folder.log, owner, 0o750)
    render_units(suite, processes_of(suite))
    for name, text in _units_of_the_machine(suite).items():
        write_rendered(UNIT_FOLDER / name, text, owner, _OPEN_MODE)
    write_rendered(_rotation_file(folder), _rotation(suite), owner)
    write_rendered(_KERNEL_FILE, _KERNEL_TEXT, owner, _OPEN_MODE)
    # At a boot systemd reads the file; an older kernel lacks the setting.
    if _KERNEL_SETTING.exists():
        _KERNEL_SETTING.write_text("1\n", encoding="ascii")
    _run("systemctl", "daemon-reload")
    _run("systemctl", "enable", "--quiet", *_ENABLED)
    _run("systemctl", "restart", FIREWALL)
    _run("systemctl", "start", ROTATION_TIMER)
    count = len(processes_of(suite))
    progress.say(f"{count} units are in {UNIT_FOLDER}, and start at boot; the firewall is loaded")


def uninstall(suite: Suite, progress: Progress) -> None:
    """Stop the suite and remove its units and the firewall; data, keys and accounts stay."""
    folder = suite.folder
    if not folder.installed_file.exists():
        raise SuiteFailure("The suite is not installed, so there is nothing to remove.")
    require_systemd()
    stop_and_record(suite, progress)
    _run("systemctl", "disable", "--quiet", "--now", *_ENABLED)
    named = [file for file in UNIT_FOLDER.glob(unit_of("*")) if name_of_unit(file.name)]
    others = [UNIT_FOLDER / name for name in (TARGET, *_units_of_the_machine(suite))]
    for file in (*named, *others, _rotation_file(folder), _KERNEL_FILE):
        file.unlink(missing_ok=True)
    folder.installed_file.unlink()
    _run("systemctl", "daemon-reload")
    progress.say(f"the units and the firewall are gone; data and keys stay in {folder.root}")


def require_systemd() -> None:
    """Raise SuiteFailure unless root runs this on a machine that systemd has booted."""
    if os.geteuid() != 0:
        raise SuiteFailure("Units and the firewall are root's: run this as root.")
    if not _BOOTED_BY_SYSTEMD.is_dir() or shutil.which("systemctl") is None:
        raise SuiteFailure("systemd has not booted this machine: `make up` runs the suite without.")


def _units_of_the_machine(suite: Suite) -> dict[str, str]:
    settings = {name: os.environ[name] for name in _KEPT_SETTINGS if os.environ.get(name)}
    settings.setdefault("RETRATO_RUN_DIR", str(suite.folder.root))
    return {
        BOOT: boot_unit(sys.executable, settings),
        FIREWALL: firewall_unit(suite.folder.etc / "firewall.nft"),
        **rotation_units(_rotation_file(suite.folder), suite.folder.log / ".rotation-state"),
    }


def _silence_debians(progress: Progress) -> None:
    """Keep Debian's own services of our programs from running, now and at the next boot."""
    loud = [name for name in _DEBIANS if _is_enabled(name)]
    if loud:
        _run("systemctl", "disable", "--quiet", "--now", *loud)
        progress.say(f"Debian's own services are off, for ours take their place: {', '.join(loud)}")


def _is_enabled(name: str) -> bool:
    words = ["systemctl", "is-enabled", "--quiet", f"{name}.service"]
    return subprocess.run(words, check=False, timeout=_LIMIT_S).returncode == 0


def _rotation_file(folder: RunFolder) -> Path:
    return folder.etc / "logrotate.conf"


def _rotation(suite: Suite) -> str:
    return render("logrotate.conf.j2", {"folder": suite.folder, "logs": suite.plan.limits.logs})


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_LIMIT_S)
    if done.returncode:
        raise SuiteFailure(f"{' '.join(words[:3])} failed: {done.stderr.strip()[-600:]}")
