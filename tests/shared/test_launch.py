"""A process collects nothing while it imports."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import gc

WHILE_IMPORTED = gc.isenabled()

def main():
    print("collecting", WHILE_IMPORTED)
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
    assert said == "collecting False\n"
