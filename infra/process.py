"""A process as the supervisor of one machine runs it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from infra.accounts import Account
from infra.plan.parts import Check, Kind, PlannedProcess


class Tier(IntEnum):
    """A step of the start; all of a tier must answer before the next tier starts.

    The backup store starts before the data and stops after it, because a database archives its
    last WAL as it stops. So does etcd, in which a leader gives up its lease as it stops.
    """

    BACKUPS = 0
    DATA = 1
    REPLICAS = 2
    SERVICES = 3
    GATEWAYS = 4
    BALANCERS = 5
    WATCHERS = 6


@dataclass(frozen=True, slots=True)
class Process:
    """A planned process, as the supervisor runs it."""

    planned: PlannedProcess
    check: Check
    tier: Tier
    command: tuple[str, ...]
    account: Account
    directory: Path
    # The folder that only this process writes; its account gets it at a start.
    data: Path | None = None
    # Accounts of which it may read what they show to their groups.
    readable: tuple[Account, ...] = ()
    # Without an account of its own, as root: all that it may still do.
    capabilities: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_wait_s: int = 20
    niceness: int = 0  # how much it gives way to other processes on a busy machine

    @property
    def name(self) -> str:
        """The name of the process for the supervisor and `make status`."""
        return self.planned.name

    @property
    def kind(self) -> Kind:
        """The kind of the process in the plan."""
        return self.planned.kind

    @property
    def service(self) -> str:
        """The service of the process for `make restart S=` and `make logs S=`."""
        return self.planned.service

    @property
    def server(self) -> str:
        """The name of the Postgres member or Redis that this process is."""
        return self.planned.server

    @property
    def address(self) -> str:
        """The address on which the process listens."""
        return self.planned.address

    @property
    def port(self) -> int:
        """The first port on which the process listens."""
        return self.planned.port

    @property
    def confined_command(self) -> tuple[str, ...]:
        """The command with the words that give up all privileges that it does not need."""
        nicely = ("nice", "-n", str(self.niceness)) if self.niceness else ()
        if self.account.switch:
            return (*self.account.switch_words(*self.readable), *nicely, *self.command)
        if self.capabilities and os.geteuid() == 0:
            kept = ",".join(f"+{name}" for name in self.capabilities)
            words = ("setpriv", f"--bounding-set=-all,{kept}", "--inh-caps=-all")
            return (*words, *nicely, *self.command)
        return (*nicely, *self.command)

    @property
    def endpoint(self) -> str:
        """The address and port as text; a fence listens nowhere."""
        return f"{self.address}:{self.port}" if self.port else ""
