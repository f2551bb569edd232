"""A starting process collects no garbage during imports, and runs at a higher niceness."""

import os
import subprocess
import sys
from pathlib import Path

from shared.launch import NICENESS, _may_hurry_again

PROGRAM = """
import gc, os

def niceness():
    return os.getpriority(os.PRIO_PROCESS, 0)

WHILE_IMPORTED = niceness()
COLLECTING = gc.isenabled()

def main():
    print(COLLECTING, niceness(), WHILE_IMPORTED)
"""


def test_a_launched_module_runs_its_main(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "shared.launch", "program"],
        env={"PYTHONPATH": f"{Path.cwd()}:{tmp_path}"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert said in {f"False {own} {max(own, NICENESS)}\n", f"False {own} {own}\n"}
    # A process that may not lower its niceness again does not raise it.
    assert (f"{max(own, NICENESS)}" in said) == _may_hurry_again()
