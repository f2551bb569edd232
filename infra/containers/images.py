"""Builds the images of the suite: one for all of its processes, and one for engines."""

import subprocess
from collections.abc import Sequence

from infra.code_version import code_version
from infra.containers.parts import IMAGES
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.run_folder import REPOSITORY

_FOLDER = REPOSITORY / "infra" / "containers"
_BUILD_TIMEOUT_S = 3600


def image_names() -> dict[str, str]:
    """Return the names of the images of this version."""
    version = code_version().version
    return {image: f"localhost/retrato-{image}:{version}" for image in IMAGES}


def build_images(
    base: str, cpu: str, engine: str, words: Sequence[str], progress: Progress
) -> list[str]:
    """Build both images; returns their names. Raises SuiteFailure."""
    if not base:
        raise SuiteFailure(
            "Name the base by its digest: make image BASE=docker.io/library/debian@sha256:…;"
            " docs/operations/containers.md says how to find it, and how to make one."
        )
    names = image_names()
    for image, name in names.items():
        progress.say(f"building {name}")
        _build(image, name, base, cpu, [engine, "build", *words])
    return list(names.values())


def _build(image: str, name: str, base: str, cpu: str, command: Sequence[str]) -> None:
    code = code_version()
    arguments = {
        "BASE": base,
        "CPU": cpu,
        "VERSION": code.version,
        "REVISION": code.revision,
    }
    # Docker finds the list beside the file; podman has to be told.
    ignored = (
        ["--ignorefile", str(_FOLDER / "Containerfile.dockerignore")]
        if command[0].endswith("podman")
        else []
    )
    done = subprocess.run(
        [
            *command,
            *ignored,
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            f"--target={image}",
            f"--tag={name}",
            f"--file={_FOLDER / 'Containerfile'}",
            str(REPOSITORY),
        ],
        check=False,
        timeout=_BUILD_TIMEOUT_S,
    )
    if done.returncode:
        raise SuiteFailure(f"{name} cannot be built; the last lines above say why.")
