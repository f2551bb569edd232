"""Runs upload's own upkeep with the environment of the suite."""

import os
import subprocess
import sys

from infra.driving.failures import SuiteFailure
from infra.processes import with_environment
from infra.suite import Suite


def run_upkeep(suite: Suite, *arguments: str) -> None:
    """Its words are the command's; raises SuiteFailure if it found something wrong."""
    done = subprocess.run(
        [
            *with_environment(suite, "upload"),
            sys.executable,
            "-m",
            "services.upload.upkeep",
            *arguments,
        ],
        env={
            **os.environ,
            "UPLOAD_INSTANCE": "upload-upkeep",
            "UPLOAD_LISTEN_HOST": "127.0.0.1",
        },
        check=False,
    )
    if done.returncode:
        raise SuiteFailure("The store is not as it should be.")
