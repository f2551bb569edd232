"""Says how much of a processor this process may use, so that its use can be judged."""

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from prometheus_client import Gauge

# The event loop is one thread.
MOST = 1.0
_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")

ALLOWED = Gauge(
    "retrato_processors_allowed",
    "The processors that the process may use: at most one, or less by its control groups.",
)

PERIODS = Gauge(
    "retrato_processor_quota_periods", "Periods of its control groups' quota in which it worked."
)
PERIODS_SPENT = Gauge(
    "retrato_processor_quota_periods_spent", "Those whose quota was spent before their end."
)


def show_processors() -> None:
    """Show what the process may use, and how often that was spent, from now on."""
    ALLOWED.set_function(allowed_processors)
    PERIODS.set_function(lambda: quota_periods()[0])
    PERIODS_SPENT.set_function(lambda: quota_periods()[1])


def allowed_processors(groups: Path = _GROUPS, mount: Path = _MOUNT) -> float:
    """Return the smallest quota of the process's control groups (version 1 or 2) and one."""
    return min(MOST, quota_processors(groups, mount))


def quota_processors(groups: Path = _GROUPS, mount: Path = _MOUNT) -> float:
    """Return the smallest quota of the process's control groups; infinite if there is none."""
    return min((quota for quota, _folder in _quotas(groups, mount)), default=math.inf)


def quota_periods(groups: Path = _GROUPS, mount: Path = _MOUNT) -> tuple[int, int]:
    """Return the periods of the group with the smallest quota, and those in which it was spent.

    Several processes may share that quota, so none of them alone seems to use all of it.
    """
    quotas = [one for one in _quotas(groups, mount) if one[0] < math.inf]
    if not quotas:
        return 0, 0
    _quota, folder = min(quotas)
    try:
        text = (folder / "cpu.stat").read_text(encoding="ascii")
        counts = dict(line.split() for line in text.splitlines())
        return int(counts["nr_periods"]), int(counts["nr_throttled"])
    except (OSError, ValueError, KeyError):
        return 0, 0


def _quotas(groups: Path, mount: Path) -> Iterator[tuple[float, Path]]:
    """Yield the quota of each control group around the process, and the group's folder."""
    try:
        lines = groups.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from ((_of_version_2(folder), folder) for folder in _up(mount, path))
        elif "cpu" in controllers.split(","):
            yield from ((_of_version_1(folder), folder) for folder in _up(mount / "cpu", path))


def _up(root: Path, path: str) -> list[Path]:
    """Return a group's folder and those around it, each of which may have a quota."""
    relative = PurePosixPath(path.lstrip("/"))
    return [root / part for part in (relative, *relative.parents)]


def _of_version_2(folder: Path) -> float:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return float(quota) / float(period) if quota != "max" else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _of_version_1(folder: Path) -> float:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
        return quota / period if quota > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
