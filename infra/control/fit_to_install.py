"""Refuses an installation that would lose data or faults silently, or lock its operator out."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.control.ports import listening_ports_of
from infra.plan.parts import Plan
from infra.rendering.firewall import ssh_port_of
from infra.secret_values import places_to_fill
from infra.suite import Suite, drawn_plan

_SSH_SERVERS = frozenset({"sshd", "dropbear"})
# The address and port of the client, then those of the server.
_CONNECTION_FIELDS = 4


def require_fit(suite: Suite) -> None:
    """Raise SuiteFailure with a sentence for each hindrance, which says what to do."""
    said = hindrances(suite.plan, drawn_plan(), ports_of_ssh())
    given = [secret.name for secret in suite.plan.secrets if secret.given]
    if empty := places_to_fill(suite.folder.secrets_file, given):
        said.append(
            f"Only you know {', '.join(empty)}: write each between the quotation marks behind its"
            f" name in {suite.folder.secrets_file}, which only root can read."
        )
    if said:
        raise SuiteFailure(
            "Nothing was installed:\n"
            + "\n".join(f"* {sentence}" for sentence in said)
            + "\nThen run `make install` again."
        )


def hindrances(plan: Plan, drawn: Plan, ssh_ports: set[int]) -> list[str]:
    """Return why `plan` should not serve people; `drawn` is the same without words of a shell."""
    return [*_unkept(plan, drawn), *_unheard(plan, drawn), *_locked_out(plan, ssh_ports)]


def _unkept(plan: Plan, drawn: Plan) -> Iterator[str]:
    # Whoever draws `enabled = false` has said so.
    if drawn.backup.enabled and not plan.backup.enabled:
        yield (
            "Backups are off since a `make up BACKUPS=off`: install with"
            " `make install BACKUPS=on`. If data without a copy is meant, set `enabled = false` in"
            " [backup] of infra/topology.toml."
        )


def _unheard(plan: Plan, drawn: Plan) -> Iterator[str]:
    if drawn.watch is None or drawn.watch.unheard:
        return
    meant = "If that is meant, set `unheard = true` in [alerts] of infra/topology.toml."
    if plan.watch is None:
        said = "Alerts are off since a `make up WATCH=0`: install with `make install WATCH=1`."
        yield f"{said} {meant}"
    elif not (plan.watch.webhook or plan.watch.mail.to):
        yield (
            "Nobody would get the alerts: set `to` and `smarthost` in [alerts.mail] of"
            f" infra/topology.toml, or `webhook` in [alerts]. {meant}"
        )


def _locked_out(plan: Plan, ssh_ports: set[int]) -> Iterator[str]:
    let_in = ssh_port_of(plan)
    if ssh_ports and let_in not in ssh_ports:
        used = min(ssh_ports)
        yield (
            f"The firewall would let in SSH at port {let_in}, and SSH uses port {used} here: set"
            f" `ssh_port = {used}` in [public] of infra/topology.toml."
        )


def ports_of_ssh() -> set[int]:
    """Return the ports at which SSH servers listen, or else that of this session."""
    pids = {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _is_ssh(folder)}
    found = listening_ports_of(pids)
    # systemd may hold the port for a server that starts when somebody comes.
    fields = os.environ.get("SSH_CONNECTION", "").split()
    if len(fields) == _CONNECTION_FIELDS and fields[-1].isdecimal():
        found.add(int(fields[-1]))
    return found


def _is_ssh(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return (folder / "comm").read_text(encoding="utf-8").strip() in _SSH_SERVERS
    return False
