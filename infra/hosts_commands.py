"""The commands for a suite on several hosts: render their files, and bring them there."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.run_folder import REPOSITORY


def keys_folder() -> Path:
    """Return the folder of the keys, the authority and the bundles of all hosts."""
    return Path(os.environ.get("RETRATO_HOSTS_DIR") or REPOSITORY / ".run" / "hosts").absolute()


@app.command()
@told
def hosts(
    drawing: Annotated[str, typer.Option(help="A file with [hosts]; else the topology.")] = "",
    limits: Annotated[str, typer.Option(help="usual or loose.")] = "usual",
) -> None:
    """Render what each of several hosts gets: one folder for each."""
    from infra.hosts.rendering import render_hosts
    from infra.hosts.suites import drawing_of, rendering_suite

    drawn = drawing_of(drawing)
    suite = rendering_suite(keys_folder(), drawn, limits=limits)
    for host, place in render_hosts(suite, drawn.read_text(encoding="utf-8")).items():
        count = sum(process.host == host for process in suite.plan.processes)
        sys.stdout.write(f"{host}: {count} processes, {place}\n")


@app.command()
@told
def deploy(
    drawing: Annotated[str, typer.Option(help="A file with [hosts]; else the topology.")] = "",
    user: Annotated[str, typer.Option(help="Who signs in by ssh, and may become root.")] = "root",
    words: Annotated[str, typer.Option(help="More words for ansible-playbook.")] = "",
) -> None:
    """Bring code, environments and bundles to all hosts by ssh, and start them in order."""
    from infra.hosts.deploying import deploy as bring
    from infra.hosts.suites import drawing_of

    bring(keys_folder(), drawing_of(drawing), user=user, words=shlex.split(words))
