"""Programs of Node as tests use them: installed by their lock, run, and gone with the test."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

STEP_S = 300


def require_node(what: str) -> None:
    """Skip the test where Node or npm is not installed."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{what} needs {' and '.join(missing)}, not installed here.")


def npm(folder: Path, *arguments: str) -> str:
    """Run an npm command and return its output; its cache stays in the folder, too."""
    done = subprocess.run(
        ["npm", *arguments],
        cwd=folder,
        env={**os.environ, "npm_config_cache": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=STEP_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(source: Path, folder: Path) -> Path:
    """Copy a program to `folder` and install what its lock names."""
    shutil.copytree(source, folder)
    npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


def run_for_json(folder: Path, script: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run a script with a JSON object, and return the one that it prints."""
    done = subprocess.run(
        ["node", script, json.dumps(job)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=STEP_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))
