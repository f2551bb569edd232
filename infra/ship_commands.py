"""The commands that bring code to where it runs: upgrades, images, and a compose file."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.run_folder import REPOSITORY
from infra.suite import open_suite


@app.command()
@told
def upgrade(
    to: Annotated[str, typer.Option("--to", help="A tag or a commit; else the checkout.")] = "",
    back: Annotated[bool, typer.Option("--back", help="To the version before.")] = False,
) -> None:
    """Bring the running suite to another version while it serves."""
    from infra.control.upgrade import upgrade as bring_to

    bring_to(open_suite(), Progress(), to=to, back=back)


@app.command()
@told
def image(
    base: Annotated[str, typer.Option(help="The base, by digest.")] = "",
    cpu: Annotated[str, typer.Option(help="The oldest processors.")] = "x86-64-v3",
    engine: Annotated[str, typer.Option(help="podman or docker.")] = "podman",
    words: Annotated[str, typer.Option(help="More words for its build.")] = "",
) -> None:
    """Build the images of the suite and of its engines."""
    from infra.containers.images import build_images

    for name in build_images(base, cpu, engine, words.split(), Progress()):
        sys.stdout.write(f"{name}\n")


@app.command()
@told
def compose(
    network: Annotated[str, typer.Option(help="Half of an address, such as 10.87.")] = "",
    publish: Annotated[str, typer.Option(help="Where the balancers listen.")] = "",
    ports: Annotated[str, typer.Option(help="The first balancer's, as 8080,8443.")] = "",
    url: Annotated[str, typer.Option(help="What clients use, if it differs.")] = "",
    limits: Annotated[str, typer.Option(help="usual or loose.")] = "",
    log_driver: Annotated[str, typer.Option(help="As the engine calls it.")] = "",
) -> None:
    """Render the compose file and what its containers mount."""
    from infra.containers.choices import ports_said, said_choices
    from infra.containers.images import image_names
    from infra.containers.rendering import render_compose

    root = Path(os.environ.get("RETRATO_COMPOSE_DIR") or REPOSITORY / ".run" / "containers")
    said = {
        "network": network,
        "publish": publish,
        **ports_said(ports),
        "url": url,
        "limits": limits,
        "log_driver": log_driver,
    }
    sys.stdout.write(f"{render_compose(root, said_choices(root, said), image_names())}\n")
