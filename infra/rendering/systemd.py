"""Renders one systemd unit per process, with what it may do, and in which order units stop."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.accounts import UNKNOWN, Account
from infra.process import Process
from infra.run_folder import MARK, REPOSITORY, RunFolder

UNIT_FOLDER = Path("/etc/systemd/system")
TARGET = "retrato.target"
BOOT = "retrato-boot.service"
ROTATION = "retrato-logs.service"
ROTATION_TIMER = "retrato-logs.timer"
FIREWALL = "retrato-firewall.service"
_OF_THE_MACHINE = frozenset({BOOT, ROTATION, FIREWALL})
_PREFIX, _SUFFIX = "retrato-", ".service"
_HOMES = ("/home", "/root", "/run/user")
# A second between two attempts leaves a broken process visible, and a busy machine its processors.
_RESTART_S = 2
# nginx raises its own limit to as many; the supervisor of a laptop inherits the shell's.
_FILES_MAX = 65_536
# What no part needs. The decoder of pictures makes namespaces of its own, so these stay.
_CONFINED = """\
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""


def unit_of(process: str) -> str:
    """Return the name of a process's unit."""
    return f"{_PREFIX}{process}{_SUFFIX}"


def name_of_unit(unit: str) -> str:
    """Return the name of a unit's process; "" for other units."""
    if unit in _OF_THE_MACHINE or not (unit.startswith(_PREFIX) and unit.endswith(_SUFFIX)):
        return ""
    return unit.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def units(
    processes: Iterable[Process], folder: RunFolder, written: Iterable[Path] = ()
) -> Mapping[str, str]:
    """Return the text of each process's unit by file name, and of the target above them.

    Nothing starts by itself: what starts the suite does so tier by tier, and waits until each one
    answers. The order of the units is for a stop of the machine. `written` are folders outside of
    the run folder that processes write.
    """
    known = list(processes)
    texts = {TARGET: _TARGET}
    for process in known:
        earlier = sorted(unit_of(other.name) for other in known if other.tier < process.tier)
        texts[unit_of(process.name)] = _unit(process, folder, earlier, list(written))
    return texts


def quoted(words: Iterable[str]) -> str:
    """Return words as systemd reads them in a command: nothing in them has a meaning."""
    return " ".join(f'"{_plain(word).replace("$", "$$")}"' for word in words)


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.replace("%", "%%")


_TARGET = """\
# Rendered by `make install`: changes here are lost.
[Unit]
Description=Retrato: all of its processes
"""


def _unit(process: Process, folder: RunFolder, earlier: list[str], written: list[Path]) -> str:
    log = folder.process_log(process.name)
    environment = {**_environment(folder), **process.environment}
    lines = [
        "# Rendered by `make up`: changes here are lost.",
        "[Unit]",
        f"Description=Retrato: {process.name}",
        f"PartOf={TARGET}",
        # A stop goes the other way round.
        *([f"After={' '.join(earlier)}"] if earlier else []),
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={quoted(process.command)}",
        f"WorkingDirectory={_plain(str(process.directory))}",
        *(f'Environment="{name}={_plain(value)}"' for name, value in environment.items()),
        *_account(process),
        "Restart=always",
        f"RestartSec={_RESTART_S}",
        f"KillSignal=SIG{process.stop_signal}",
        "KillMode=mixed",
        f"TimeoutStopSec={process.stop_wait_s}",
        *([f"Nice={process.niceness}"] if process.niceness else []),
        "UMask=0027",
        "LimitCORE=0",
        f"LimitNOFILE={_FILES_MAX}",
        f"StandardOutput=append:{log}",
        f"StandardError=append:{log}",
        _CONFINED.rstrip(),
        f"ProtectHome={'no' if _is_in_a_home(folder.root, REPOSITORY) else 'yes'}",
        f"ReadWritePaths={quoted(map(str, (folder.root, *written)))}",
        # The suite's own processes render files, and units are among them.
        *([f"ReadWritePaths={UNIT_FOLDER}"] if process.capabilities else []),
    ]
    return "\n".join(lines) + "\n"


def _account(process: Process) -> list[str]:
    account = process.account
    kept = " ".join(f"CAP_{name.upper()}" for name in process.capabilities)
    lines = [f"CapabilityBoundingSet={kept if not account.switch else ''}"]
    if account.switch:
        lines += [f"User={_known(account.uid, account)}", f"Group={_known(account.gid, account)}"]
    if process.readable:
        groups = " ".join(_known(one.gid, one) for one in process.readable)
        lines.append(f"SupplementaryGroups={groups}")
    return lines


def _known(number: int, account: Account) -> str:
    """Return the number of an account or of its group; its name, if another machine knows it."""
    return account.name if number == UNKNOWN else str(number)


def _environment(folder: RunFolder) -> dict[str, str]:
    """Return what every process finds, as under the supervisor of a laptop."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder.root),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        MARK: str(folder.root),
    }


def _is_in_a_home(*paths: Path) -> bool:
    return any(str(path).startswith(_HOMES) for path in paths)


def boot_unit(python: str, settings: Mapping[str, str]) -> str:
    """Return the unit that starts the suite after a boot, in its order and with all its checks."""
    kept = "\n".join(f'Environment="{name}={_plain(value)}"' for name, value in settings.items())
    return f"""\
# Rendered by `make install`: changes here are lost.
[Unit]
Description=Retrato: start it tier by tier
After=network-online.target time-sync.target {FIREWALL}
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={quoted((python, "-m", "infra", "up"))}
WorkingDirectory={_plain(str(REPOSITORY))}
{kept}
# A disk or a name may come later than we do.
Restart=on-failure
RestartSec=30
LimitCORE=0

[Install]
WantedBy=multi-user.target
"""


def firewall_unit(rules: Path) -> str:
    """Return the unit that loads the firewall before anything is reachable."""
    return f"""\
# Rendered by `make install`: changes here are lost.
[Unit]
Description=Retrato: the firewall
DefaultDependencies=no
Before=network-pre.target shutdown.target
Wants=network-pre.target
After=local-fs.target systemd-sysusers.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={quoted(("/usr/sbin/nft", "-f", str(rules)))}
ExecReload={quoted(("/usr/sbin/nft", "-f", str(rules)))}
ExecStop=/usr/sbin/nft delete table inet retrato

[Install]
WantedBy=multi-user.target
"""


def rotation_units(config: Path, state: Path) -> Mapping[str, str]:
    """Return the units that put large and old logs aside every hour."""
    command = quoted(("/usr/sbin/logrotate", "--state", str(state), str(config)))
    return {
        ROTATION: f"""\
# Rendered by `make install`: changes here are lost.
[Unit]
Description=Retrato: put large and old logs aside

[Service]
Type=oneshot
ExecStart={command}
""",
        ROTATION_TIMER: """\
# Rendered by `make install`: changes here are lost.
[Unit]
Description=Retrato: look at the logs every hour

[Timer]
OnCalendar=hourly
RandomizedDelaySec=300

[Install]
WantedBy=timers.target
""",
    }
