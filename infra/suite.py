"""One suite on this machine: its plan, its folder, its secrets and its certificates."""

import os
import pwd
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from infra.authorities import Signer, open_authority
from infra.authority_files import BrokenCertificate
from infra.control.failures import SuiteFailure
from infra.plan.figures import Tracing
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.run_folder import REPOSITORY, RunFolder, locate_run_folder
from infra.scaling.counts import read_counts, scaled
from infra.secret_values import SecretValues, open_secrets
from infra.topology import load_topology
from infra.topology_tables import TopologyError

# The callers' limits: enough for phones, or almost none for load and tests.
LIMITS = ("usual", "loose")
BACKUPS = ("on", "off")
FAILOVER = ("on", "off")
DRAWN = "drawn"
WATCH = ("on", "off")
_NETWORK = re.compile(r"\d{1,3}\.\d{1,3}")


@dataclass(frozen=True)
class Suite:
    """One suite on this machine, on which commands work."""

    plan: Plan
    folder: RunFolder
    decoder_python: Path
    limits: str = "usual"
    # Only a start that has compared ledger and disk may create missing keys.
    may_make_keys: bool = False
    patroni_python: Path = Path()  # used only with failover

    @property
    def limits_factor(self) -> int:
        """The factor of every caller's limits."""
        return self.plan.limits.loose_limits_factor if self.limits == "loose" else 1

    @cached_property
    def secrets(self) -> SecretValues:
        """The passwords and keys; raises SuiteFailure if one is missing and may not be created."""
        return open_secrets(self.folder.secrets_file, self.plan, may_make=self.may_make_keys)

    @cached_property
    def authority(self) -> Signer:
        """The internal CA; raises SuiteFailure if it is broken, or missing without permission."""
        drawn = self.plan.certificates
        if drawn.embedded and not self.may_make_keys and not (self.folder.pki / "ca.key").exists():
            raise SuiteFailure(
                f"{self.folder.pki / 'ca.key'} is missing: run `make up`, which says what can be"
                " done."
            )
        try:
            return open_authority(drawn, self.folder)
        except BrokenCertificate as broken:
            raise SuiteFailure(str(broken)) from None

    @property
    def ca_file(self) -> Path:
        """The CA certificate with which every client verifies servers."""
        return self.folder.pki / "ca.crt"


def open_suite() -> Suite:
    """Open the suite that the environment selects.

    RETRATO_NET selects the network, RETRATO_RUN_DIR the folder, RETRATO_VENV_DIR the place of the
    decoder's environment, RETRATO_LIMITS the callers' limits, RETRATO_BACKUPS whether backups are
    taken, RETRATO_HA whether there is failover, and RETRATO_WATCH whether Prometheus and the other
    watchers run. RETRATO_TRACE_SHARE replaces the share of traces of the topology, or is "drawn".
    Values that are not set stay as at the last `make up`.
    """
    folder = locate_run_folder(Path(os.environ.get("RETRATO_RUN_DIR") or REPOSITORY / ".run"))
    _require_own(folder)
    network = network_of(folder, requested=os.environ.get("RETRATO_NET") or None)
    limits = limits_of(folder, requested=os.environ.get("RETRATO_LIMITS"))
    return suite_in(folder, network, limits, asked_failover=os.environ.get("RETRATO_HA"))


def _require_own(folder: RunFolder) -> None:
    """Raise SuiteFailure if another user owns the suite, whose processes would run as us."""
    made = [
        file
        for file in (folder.network_file, folder.ledger_file, folder.secrets_file)
        if file.exists()
    ]
    if not made or (owner := made[0].stat().st_uid) == os.geteuid():
        return
    raise SuiteFailure(
        f"The suite of {folder.root} belongs to {_user_name(owner)}: run this as that user, or"
        " choose another folder with RETRATO_RUN_DIR."
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def suite_as_it_was(suite: Suite) -> Suite:
    """Return the same suite with or without failover, as at its last start."""
    folder = suite.folder
    plan = suite_in(folder, suite.plan.network, suite.limits, asked_failover=None).plan
    return replace(suite, plan=plan)


def suite_in(
    folder: RunFolder,
    network: str | None,
    limits: str = "usual",
    *,
    asked_failover: str | None = None,
    is_scaled: bool = True,
) -> Suite:
    """Return the suite of a folder on a network; None is the default network.

    Unless it `is_scaled`, it has the numbers of processes that the topology draws. A folder with a
    compose file is that of a suite in containers.
    """
    venvs = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    drawn = load_topology(
        network=network,
        has_failover=_has_failover(folder, asked_failover),
        is_watched=_is_watched(folder),
        in_containers=folder.compose_file.exists(),
    )
    backup = replace(drawn.backup, enabled=drawn.backup.enabled and _takes_backups(folder))
    counts = read_counts(folder.scale_file) if is_scaled else {}
    shared = replace(drawn.limits, tracing=_traced(folder, drawn.limits.tracing))
    return Suite(
        plan=plan_of(replace(scaled(drawn, counts), backup=backup, limits=shared)),
        folder=folder,
        decoder_python=venvs.absolute() / "venv-decoder" / "bin" / "python",
        patroni_python=venvs.absolute() / "venv-ha" / "bin" / "python",
        limits=limits,
    )


def drawn_plan() -> Plan:
    """Return the plan of the topology, with all that watches, for targets without a run folder."""
    return plan_of(load_topology(is_watched=True))


def trace_share_word(folder: RunFolder) -> str:
    """Return the share of traces as requested, or else as at the last start; or "drawn"."""
    return os.environ.get("RETRATO_TRACE_SHARE") or _word_in(folder.trace_share_file) or DRAWN


def _traced(folder: RunFolder, tracing: Tracing) -> Tracing:
    """Return the drawn values, with the share of traces that is chosen instead."""
    asked = trace_share_word(folder)
    try:
        share = tracing.share if asked == DRAWN else float(asked)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise TopologyError(f"TRACES is a share from 0 to 1, and not {asked}.")
    return replace(tracing, share=share)


def network_of(folder: RunFolder, *, requested: str | None) -> str | None:
    """Return the network of a folder's suite, which stays as at its first start."""
    known = _word_in(folder.network_file)
    if known and not _NETWORK.fullmatch(known):
        raise TopologyError(
            f"{folder.network_file} names no network, such as 127.20: write there the one on which"
            " this suite lives."
        )
    if known and requested and known != requested:
        raise TopologyError(
            f"The suite of {folder.root} lives on {known}, and not on {requested}: choose another"
            " folder for another suite with RETRATO_RUN_DIR, or `make reset` this one."
        )
    return known or requested


def limits_of(folder: RunFolder, *, requested: str | None) -> str:
    """Return the callers' limits: as requested, or else as at the last start."""
    return _one_of(LIMITS, "LIMITS", requested, folder.limits_file) or LIMITS[0]


def _takes_backups(folder: RunFolder) -> bool:
    """Whether backups are taken: as this shell requests, or else as at the last start."""
    asked = os.environ.get("RETRATO_BACKUPS")
    return _one_of(BACKUPS, "BACKUPS", asked, folder.backups_file) != "off"


def _has_failover(folder: RunFolder, asked: str | None) -> bool:
    """Whether there is failover: as requested, or else as at the last start."""
    asked = {"1": "on", "0": "off"}.get(asked or "", asked)
    return _one_of(FAILOVER, "HA", asked, folder.failover_file) == "on"


def _is_watched(folder: RunFolder) -> bool:
    """Whether the watchers run: as this shell requests, or else as at the last start."""
    asked = os.environ.get("RETRATO_WATCH")
    return (
        _one_of(WATCH, "WATCH", {"1": "on", "0": "off"}.get(asked or "", asked), folder.watch_file)
        != "off"
    )


def _one_of(words: Sequence[str], name: str, asked: str | None, file: Path) -> str | None:
    """Return the requested word, else the file's, else None; raises TopologyError for others."""
    said = asked or _word_in(file)
    if said and said not in words:
        where = name if asked else str(file)
        raise TopologyError(f"{where} is one of {', '.join(words)}, and not {said}.")
    return said


def _word_in(file: Path) -> str | None:
    """Return the word in a small file, with other bytes than ASCII escaped; None if empty."""
    if not file.exists():
        return None
    return file.read_bytes().decode("ascii", "backslashreplace").strip() or None
