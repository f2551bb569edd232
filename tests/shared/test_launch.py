"""A process begins without what it never uses, and collects nothing while it imports."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import gc

WHILE_IMPORTED = gc.isenabled()

def main():
    try:
        import rich
    except ImportError:
        print("no rich", WHILE_IMPORTED)
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
    assert said == "no rich False\n"


@pytest.mark.parametrize("service", ["gateway", "users", "upload", "feed"])
def test_a_service_can_do_without_what_is_left_out(service: str) -> None:
    modules = [f"services.{service}.app"]
    if service != "gateway":
        modules.append(f"services.{service}.worker")
    for module in modules:
        program = (
            "import sys; from importlib import import_module; from shared.launch import NEVER_USED;"
            f"sys.modules.update(dict.fromkeys(NEVER_USED)); import_module({module!r})"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
