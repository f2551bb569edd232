"""Says how much of a processor this process may use, so that its use can be judged."""

import math
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


def allowed_processors(groups: Path = _GROUPS, mount: Path = _MOUNT) -> float:
    """Return the smallest quota of the process's control groups (version 1 or 2) and one."""
    return min(MOST, quota_processors(groups, mount))


def quota_processors(groups: Path = _GROUPS, mount: Path = _MOUNT) -> float:
    """Return the smallest quota of the process's control groups; infinite if there is none."""
    try:
        lines = groups.read_text(encoding="ascii").splitlines()
    except OSError:
        return math.inf
    least = math.inf
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if controllers == "":
            least = min([least, *(_of_version_2(folder) for folder in _up(mount, path))])
        elif "cpu" in controllers.split(","):
            least = min([least, *(_of_version_1(folder) for folder in _up(mount / "cpu", path))])
    return least


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
