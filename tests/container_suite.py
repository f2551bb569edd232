"""The suite of a compose file, as tests see it: through published ports and the engine."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from infra.containers.choices import kept_choices
from infra.containers.parts import DATA, ETC
from infra.deletion_audit.found import Remains
from infra.run_folder import RunFolder
from tests.suite import Suite

ENGINE = os.environ.get("RETRATO_CONTAINER_ENGINE", "podman")
_TIMEOUT_S = 300


def engine(*words: str) -> str:
    """Return what the container engine prints; raises CalledProcessError with its complaint."""
    done = subprocess.run(
        [ENGINE, *words],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    return done.stdout


def container_of(project: str, service: str) -> str:
    """Return the name of a service's container, as its compose tool has labelled it."""
    label = "--filter=label=com.docker.compose"
    (found,) = engine(
        "ps",
        "--all",
        f"{label}.project={project}",
        f"{label}.service={service}",
        "--format={{.Names}}",
    ).split()
    return found


class ContainerSuite(Suite):
    """A suite that a compose tool has started, and ends; it has no supervisor."""

    def __init__(self, root: Path) -> None:
        # Only its owner enters the folder: the processes are elsewhere.
        super().__init__(root, None, located=RunFolder(root.resolve()))
        self._choices = kept_choices(self.run_dir)

    @property
    def public_url(self) -> str:
        """The first balancer, where it is published."""
        return self._choices.public_url

    @property
    def public_urls(self) -> tuple[str, ...]:
        """Every balancer, where it is published."""
        count = len(self.plan.nginx.replicas)
        return tuple(self._choices.balancer_url(index) for index in range(count))

    def container(self, process: str) -> str:
        """Return the container of a process."""
        return container_of(self._choices.project, process)

    def env(self, service: str, *, instance: str | None = None) -> dict[str, str]:
        """Return the environment of a service's process, for a process outside of containers."""
        mount = self.run_dir / "mounts" / service
        prefix = service.upper()
        # Values of JSON and URLs stand there as they are: a compose file quotes nothing.
        lines = self._on_disk.folder.environment(service).read_text(encoding="utf-8").splitlines()
        plain = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        secrets = {
            f"{prefix}_{file.name.upper()}": file.read_text(encoding="utf-8").removesuffix("\n")
            for file in (mount / "secrets").iterdir()
        }
        return {
            **{name: value.replace(ETC, str(mount)) for name, value in plain.items()},
            **secrets,
            f"{prefix}_INSTANCE": instance or f"{service}-test",
            f"{prefix}_LISTEN_HOST": "127.0.0.1",
        }

    async def upkeep(self, service: str, *arguments: str) -> str:
        """Run an operator's command in a container of the service, where names are known."""
        command = ("python", "-m", f"services.{service}.upkeep", *arguments)
        return await self.engine_later("exec", self.container(f"{service}-1"), *command)

    async def engine_later(self, *words: str) -> str:
        """Return what the engine prints, without holding up the event loop."""
        return await asyncio.to_thread(engine, *words)

    def pid(self, name: str) -> int:
        """Return the process id on this machine, 0 while it does not run."""
        return int(engine("inspect", "--format={{.State.Pid}}", self.container(name)))

    def kill(self, name: str, signal_number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process, and let the engine start it again if that ends it."""
        engine("kill", f"--signal={signal_number.name}", self.container(name))

    def log_of(self, name: str) -> str:
        """Return all that a process has written."""
        done = subprocess.run(
            [ENGINE, "logs", self.container(name)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
        )
        return done.stdout

    async def remains(self, *wanted: str) -> list[Remains]:
        """Where in Postgres, Redis, store and caches these ids and names still stand."""
        self._look_into_volumes()
        return await super().remains(*wanted)

    def _look_into_volumes(self) -> None:
        """Put the volumes of store and balancers where the audit looks."""
        folder = self._on_disk.folder
        if not folder.store.is_symlink():
            folder.store.symlink_to(self._volume("store") / "store")
        shutil.rmtree(folder.cache, ignore_errors=True)
        for name in self.process_names("nginx"):
            shutil.copytree(self._volume(name) / "photos", folder.cache / name / "photos")

    def _volume(self, process: str) -> Path:
        mounts = json.loads(engine("inspect", "--format={{json .Mounts}}", self.container(process)))
        (found,) = [mount["Source"] for mount in mounts if mount["Destination"] == DATA]
        return Path(found)


def attached_suite(folder: Path) -> Suite:
    """Return the suite that runs in a folder, whether in containers or as processes."""
    has_containers = (folder / "compose.yaml").exists()
    return ContainerSuite(folder) if has_containers else Suite(folder, None)
