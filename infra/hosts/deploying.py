"""Brings a suite to its hosts by Ansible over ssh: an inventory, an archive of the code, a run."""

import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.hosts.rendering import render_hosts
from infra.hosts.suites import machines_of, operating_host, rendering_suite
from infra.plan.machines import Host
from infra.plan.parts import Plan
from infra.run_folder import REPOSITORY
from infra.suite import Suite

_HERE = Path(__file__).parent
PLAYBOOK, PLACING = _HERE / "deploy.yml", _HERE / "placing.py"
# What processes and their preparation read; tests and records stay here.
CODE = ("infra", "services", "shared", "docs/operations", "Makefile", "pyproject.toml")
_LEFT_OUT = ("__pycache__",)
# An address is named again a check and a TTL after a process is ready.
_SETTLE_SECONDS = 5
_ARRIVING = "/root/retrato-arriving"


def deploy(
    keys: Path, drawing: Path, *, user: str, words: Sequence[str], limits: str = "usual"
) -> None:
    """Render all bundles, and run the playbook on all hosts; raises SuiteFailure if one fails."""
    suite = rendering_suite(keys, drawing, limits=limits)
    bundles = render_hosts(suite, drawing.read_text(encoding="utf-8"))
    archive = pack_code(keys / "code.tar.gz")
    inventory = keys / "inventory.json"
    inventory.write_text(
        json.dumps(inventory_of(suite, bundles, archive, user), indent=1) + "\n", encoding="utf-8"
    )
    environment = {**os.environ, "ANSIBLE_NOCOWS": "1", "ANSIBLE_PIPELINING": "1"}
    command = [str(_ansible()), f"--inventory={inventory}", *words, str(PLAYBOOK)]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise SuiteFailure("The deployment stopped; run it again when its cause is gone.")


def _ansible() -> Path:
    environments = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    program = environments.absolute() / "venv-deploy" / "bin" / "ansible-playbook"
    if not program.exists():
        raise SuiteFailure(f"{program} is missing: `make deploy` installs it.")
    return program


def pack_code(archive: Path) -> Path:
    """Write an archive of the code, the same bytes for the same code; returns its path."""
    draft = archive.with_name(f"{archive.name}.draft")
    with tarfile.open(draft, "w:gz", compresslevel=6) as packed:
        for name in CODE:
            packed.add(REPOSITORY / name, name, filter=_plain)
    draft.replace(archive)
    return archive


def pack_bundle(bundle: Path) -> Path:
    """Write an archive of a bundle beside it, because each file by itself is a round trip."""
    archive = bundle.with_name(f"{bundle.name}.tar.gz")
    draft = archive.with_name(f"{archive.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with tarfile.open(draft, "w:gz") as packed:
        for file in sorted(bundle.iterdir()):
            packed.add(file, file.name)
    draft.replace(archive)
    return archive


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out compiled files, and owners and modes of this machine."""
    if any(part in _LEFT_OUT for part in Path(member.name).parts):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def inventory_of(
    suite: Suite, bundles: Mapping[str, Path], archive: Path, user: str
) -> dict[str, Any]:
    """Return the inventory: what each host is called, where it is, and what it runs."""
    plan = suite.plan
    machines = machines_of(plan)
    packed = {name: pack_bundle(bundle) for name, bundle in bundles.items()}
    facts = {host.name: _facts(plan, host, packed[host.name]) for host in machines.hosts}
    shared = {
        "ansible_user": user,
        "ansible_python_interpreter": "/usr/bin/python3",
        "arriving": _ARRIVING,
        "code": machines.code,
        "code_archive": str(archive),
        "placing_script": str(PLACING),
        "placing_options": "",
        "operating_host": operating_host(plan).name,
        "python": f"{machines.code}/.run/venv/bin/python",
        "bootstrap_command": "python3 -m infra.bootstrap --ha=1 --watch=0",
        "reload_units_command": "systemctl daemon-reload",
        "firewall_command": "systemctl enable --now retrato-firewall.service",
        "start_command": "systemctl enable --now",
        "is_running_command": "systemctl --quiet is-active",
        "restart_command": "systemctl restart",
        "reload_command": "systemctl kill --signal=HUP --kill-whom=main",
        "settle_seconds": _SETTLE_SECONDS,
    }
    return {"all": {"hosts": facts, "vars": shared}}


def _facts(plan: Plan, host: Host, bundle: Path) -> dict[str, Any]:
    here = [process for process in plan.processes if process.host == host.name]
    services = [process for process in here if process.service in plan.services]
    return {
        "ansible_host": host.address,
        "folder": host.folder,
        "bundle": str(bundle),
        "service_units": [f"retrato-{one.name}.service" for one in services],
        "balancer_units": [f"retrato-{one.name}.service" for one in here if one.kind == "nginx"],
        "ready_pages": [
            {"name": plan.services[one.service].host, "address": one.address, "port": one.port}
            for one in services
        ],
    }
