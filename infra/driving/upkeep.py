"""Runs the services' own upkeep with the environment of the suite."""

import os
import subprocess
import sys

from infra.driving.failures import SuiteFailure
from infra.driving.supervisor import Supervisor
from infra.processes import with_environment
from infra.suite import Suite


def require_running(suite: Suite) -> None:
    """Raises SuiteFailure unless the suite runs: it is not asked after what can be looked up."""
    if not Supervisor(suite.folder).is_running():
        raise SuiteFailure("The suite is down: `make up` starts it; then say this again.")


def run_upkeep(suite: Suite, service: str, *arguments: str) -> None:
    """Its words are the command's; raises SuiteFailure if it found something wrong."""
    require_running(suite)
    done = subprocess.run(
        [
            *with_environment(suite, service),
            sys.executable,
            "-m",
            f"services.{service}.upkeep",
            *arguments,
        ],
        env={
            **os.environ,
            f"{service.upper()}_INSTANCE": f"{service}-upkeep",
            f"{service.upper()}_LISTEN_HOST": "127.0.0.1",
        },
        check=False,
    )
    if done.returncode:
        raise SuiteFailure("Not everything is as it should be.")
