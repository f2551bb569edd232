"""The commands for a cluster: its charts, and its Secrets."""

from pathlib import Path
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.rendering.charts import render_charts
from infra.rendering.cluster_secrets import manifests_text, secret_manifests
from infra.run_folder import REPOSITORY
from infra.suite import drawn_plan


@app.command()
@told
def chart(
    folder: Annotated[Path, typer.Option(help="Where the charts go.")] = REPOSITORY / ".run/chart",
) -> None:
    """Write the Helm charts of this topology."""
    for written in render_charts(drawn_plan(), folder):
        Progress().say(f"{written} is a chart")


@app.command()
@told
def chart_secrets(
    file: Annotated[Path, typer.Option(help="The file of secrets, which must be kept.")],
    prefix: Annotated[str, typer.Option(help="secrets.prefix of the values.")] = "retrato",
) -> None:
    """Print the Secrets of a cluster for `kubectl apply -f -`."""
    print(manifests_text(secret_manifests(drawn_plan(), file, prefix)), end="")
