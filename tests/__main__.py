"""All tests, `python -m tests`: tier after tier, side by side where the machine has processors.

Each part that needs servers has a network and a folder of its own. On two processors all is one
run with one suite: a second suite would take longer to start than it could save.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import TEST_FOLDER, TEST_NETWORK

# A suite under test and the tests themselves keep about so many busy.
PROCESSORS_PER_PART = 2


@dataclass(frozen=True)
class Part:
    """Some tests of a tier; all that needs the suite is two, of about the same length."""

    name: str
    selection: Sequence[str]


_FIRST_OF_SUITE = ("tests/journeys", "tests/contract")
PARTS = (
    Part("fast", ("-m", "fast and not long")),
    Part("data", ("-m", "data and not long")),
    Part("suite-1", ("-m", "suite and not long", *_FIRST_OF_SUITE)),
    Part("suite-2", ("-m", "suite and not long", *(f"--ignore={one}" for one in _FIRST_OF_SUITE))),
)


def side_by_side(processors: int) -> int:
    """How many parts run at once."""
    return max(1, min(len(PARTS), processors // PROCESSORS_PER_PART))


def environment_of(place: int, given: Mapping[str, str]) -> dict[str, str]:
    """Where the part of this place runs: on the networks after the session's, in folders beside."""
    first, second = (given.get("RETRATO_TEST_NET") or TEST_NETWORK).split(".")
    folder = Path(given.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER)
    return {
        **given,
        "RETRATO_TEST_NET": f"{first}.{int(second) + place}",
        "RETRATO_TEST_RUN_DIR": str(folder.with_name(f"{folder.name}-{place}")),
    }


def _run(place: int, part: Part) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *part.selection],
        env=environment_of(place, os.environ),
        check=False,
        capture_output=True,
        text=True,
    )
    print(f"── {part.name} ──\n{done.stdout}{done.stderr}", flush=True)  # noqa: T201
    return done.returncode


def main(arguments: Sequence[str]) -> int:
    """Run all parts, or with arguments what they select; not 0 if a test failed."""
    count = side_by_side(len(os.sched_getaffinity(0)))
    if arguments or count == 1:
        # One suite, started once.
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    with ThreadPoolExecutor(count) as pool:
        return max(pool.map(_run, range(len(PARTS)), PARTS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
