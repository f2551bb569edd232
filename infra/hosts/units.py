"""The units of systemd of one host, which start with the machine and try until others answer."""

from collections.abc import Iterable, Mapping

from infra.process import Process, Tier
from infra.rendering.systemd import TARGET, units
from infra.run_folder import RunFolder

# What a host starts together; a deployment waits between two steps until all hosts are as far.
STEPS: Mapping[str, tuple[Tier, ...]] = {
    "consensus": (Tier.BACKUPS,),
    "data": (Tier.DATA, Tier.REPLICAS),
    "services": (Tier.SERVICES, Tier.GATEWAYS),
    "balancers": (Tier.BALANCERS,),
}
_STEP_TEXT = """\
# Rendered by `make hosts`: changes here are lost.
[Unit]
Description=Retrato: {name} of this host
PartOf={target}

[Install]
WantedBy={target}
"""
_TARGET_TEXT = """\
# Rendered by `make hosts`: changes here are lost.
[Unit]
Description=Retrato: all processes of this host
After=network-online.target time-sync.target
Wants=network-online.target

[Install]
WantedBy=multi-user.target
"""


def step_unit(step: str) -> str:
    """Return the target of a step's units."""
    return f"retrato-{step}.target"


def host_units(processes: Iterable[Process], folder: RunFolder) -> Mapping[str, str]:
    """Return the text of each unit by file name.

    After a boot every process starts at once: each one waits for what it needs by itself, and
    which host came back first does not matter.
    """
    known = tuple(processes)
    texts = dict(units(known, folder))
    for process in known:
        name = f"retrato-{process.name}.service"
        texts[name] += f"\n[Install]\nWantedBy={step_unit(step_of(process))}\n"
    for step in STEPS:
        texts[step_unit(step)] = _STEP_TEXT.format(name=step, target=TARGET)
    texts[TARGET] = _TARGET_TEXT
    return texts


def step_of(process: Process) -> str:
    """Return the step of a deployment in which the process starts."""
    return next(step for step, tiers in STEPS.items() if process.tier in tiers)
