"""One suite on this machine: its picture, its folder, its secrets and its certificates."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from infra.certificates import Authority, BrokenCertificate
from infra.driving.failures import SuiteFailure
from infra.run_folder import REPOSITORY, RunFolder, locate_run_folder
from infra.secret_values import SecretValues, open_secrets
from infra.topology import Topology, load_topology
from infra.topology_tables import TopologyError

# How much a caller may ask: what phones need, or as good as all, for load and tests.
LIMITS = ("usual", "loose")
BACKUPS = ("on", "off")


@dataclass(frozen=True)
class Suite:
    """What every command works on."""

    topology: Topology
    folder: RunFolder
    decoder_python: Path
    limits: str = "usual"
    # Only a start that has compared what is there makes keys that are missing.
    may_make_keys: bool = False

    @property
    def limits_factor(self) -> int:
        """What the limits of every caller are multiplied by."""
        return self.topology.limits.loose_limits_factor if self.limits == "loose" else 1

    @cached_property
    def secrets(self) -> SecretValues:
        """Passwords and keys; raises SuiteFailure if some are missing and may not be made."""
        return open_secrets(self.folder.secrets_file, self.topology, may_make=self.may_make_keys)

    @cached_property
    def authority(self) -> Authority:
        """The internal CA; raises SuiteFailure if it is missing and may not be made, or broken."""
        if not self.may_make_keys and not (self.folder.pki / "ca.key").exists():
            raise SuiteFailure(
                f"{self.folder.pki / 'ca.key'} is missing: run `make up`, which says what can be"
                " done."
            )
        try:
            return Authority(self.folder.pki)
        except BrokenCertificate as broken:
            raise SuiteFailure(str(broken)) from None

    @property
    def ca_file(self) -> Path:
        """What every client verifies servers with."""
        return self.folder.pki / "ca.crt"


def open_suite() -> Suite:
    """The suite that the environment names.

    RETRATO_NET moves it to another network, RETRATO_RUN_DIR to another folder, RETRATO_VENV_DIR
    says where the decoder's environment is, RETRATO_LIMITS how much a caller may ask,
    RETRATO_BACKUPS whether it takes backups; without them it is the suite of the last `make up`.
    """
    folder = locate_run_folder(Path(os.environ.get("RETRATO_RUN_DIR") or REPOSITORY / ".run"))
    network = network_of(folder, requested=os.environ.get("RETRATO_NET") or None)
    return suite_in(folder, network, limits_of(folder, requested=os.environ.get("RETRATO_LIMITS")))


def suite_in(folder: RunFolder, network: str | None, limits: str = "usual") -> Suite:
    """The suite of a folder on a network; None is the default one."""
    venvs = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    topology = load_topology(network=network)
    return Suite(
        topology=replace(
            topology, backup=replace(topology.backup, enabled=_takes_backups(folder, topology))
        ),
        folder=folder,
        decoder_python=venvs.absolute() / "venv-decoder" / "bin" / "python",
        limits=limits,
    )


def network_of(folder: RunFolder, *, requested: str | None) -> str | None:
    """The network of a folder's suite: as at its first start, whatever this shell forgot to say."""
    file = folder.network_file
    known = file.read_text(encoding="ascii").strip() if file.exists() else None
    if known and requested and known != requested:
        raise TopologyError(
            f"The suite of {folder.root} lives on {known}, and not on {requested}: choose another"
            " folder for another suite with RETRATO_RUN_DIR, or `make reset` this one."
        )
    return known or requested


def limits_of(folder: RunFolder, *, requested: str | None) -> str:
    """How much a caller of a folder's suite may ask: as asked for, or as it was."""
    file = folder.limits_file
    known = file.read_text(encoding="ascii").strip() if file.exists() else LIMITS[0]
    limits = requested or known
    if limits not in LIMITS:
        raise TopologyError(f"LIMITS is one of {', '.join(LIMITS)}, and not {limits}.")
    return limits


def _takes_backups(folder: RunFolder, topology: Topology) -> bool:
    """As this shell asks for, as the folder's suite was started, or as the topology says."""
    file = folder.backups_file
    known = file.read_text(encoding="ascii").strip() if file.exists() else ""
    said = os.environ.get("RETRATO_BACKUPS") or known
    if said and said not in BACKUPS:
        raise TopologyError(f"BACKUPS is one of {', '.join(BACKUPS)}, and not {said}.")
    return said != "off" and topology.backup.enabled
