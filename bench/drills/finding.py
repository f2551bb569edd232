"""The result of a drill: a property, the fault, the target and the measured figure."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.results import Section

_BEGAN_S = time.monotonic()


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table."""

    property: str
    done: str
    target: str
    figure: str
    is_kept: bool

    def row(self) -> list[str]:
        """Return the cells of the table's row."""
        verdict = "yes" if self.is_kept else "NO"
        return [self.property, self.done, self.target, self.figure, verdict]


def say(what: str) -> None:
    """Print a line of progress with the seconds since the drills began."""
    print(f"{time.monotonic() - _BEGAN_S:6.0f} s  {what}")
    sys.stdout.flush()


def section(findings: Sequence[Finding], rate: float, knee: float | None) -> Section:
    """Make the report's section; its last line counts the targets that were met."""
    kept = sum(finding.is_kept for finding in findings)
    of_the_knee = f", {rate / knee:.0%} of the knee of {knee:.0f}" if knee else ""
    return Section(
        "What holds while parts of the suite are broken",
        "Processes are killed with -9, frozen with -STOP or restarted while an open loop asks for"
        f" {rate:.0f} requests a second{of_the_knee}. Everything that is not answered well is an"
        " error, refusals too.",
        ["property", "what was done", "target", "figure", "kept"],
        [finding.row() for finding in findings],
        (),
        [f"{kept} of {len(findings)} kept"],
    )
