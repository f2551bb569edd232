"""`python -m infra.demo`: fills a running suite with a small world, and prints accounts."""

import asyncio
import time
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.demo.fill import FOLLOWS, LIKES, PEOPLE, POSTS, Filling, fill, is_filled
from infra.demo.public_api import ApiError, PublicApi
from infra.demo.world import PASSWORD, World, compose_world
from infra.suite import open_suite

console = Console()


def main(
    url: Annotated[
        str, typer.Option(help="The URL of the public API; else that of this folder's suite.")
    ] = "",
    people: Annotated[int, typer.Option(min=10, help="The number of accounts.")] = 220,
    posts: Annotated[int, typer.Option(min=10, help="The number of posts.")] = 620,
    seed: Annotated[int, typer.Option(help="Each number gives another world.")] = 7,
    at_once: Annotated[int, typer.Option(min=1, help="The number of requests at once.")] = 12,
) -> None:
    """Create accounts, follows, posts with drawn pictures, and likes, by the public API."""
    url = url or open_suite().plan.public_url
    world = compose_world(people, posts, seed)
    started_s = time.monotonic()
    try:
        added = asyncio.run(_run(url, world, seed, at_once))
    except httpx.TransportError as error:
        console.print(f"[red]Nothing answers at {url}[/] ({error}).\nStart the suite: make up")
        raise typer.Exit(1) from error
    except ApiError as error:
        console.print(f"[red]The suite refused:[/] {error}")
        console.print("What is there stays; run the demo again to go on from here.")
        raise typer.Exit(1) from error
    if added:
        console.print(f"Done in {time.monotonic() - started_s:.0f} s.")
    else:
        console.print("The demo's world is there already, whole: nothing was added.")
    _show_accounts(world, url)


async def _run(url: str, world: World, seed: int, at_once: int) -> bool:
    async with PublicApi(url, at_once) as api:
        if await is_filled(api, world, at_once):
            return False
        with Progress(
            TextColumn("{task.description:>8}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress:
            totals = {
                PEOPLE: len(world.people),
                FOLLOWS: len(world.follows),
                POSTS: len(world.posts),
                LIKES: len(world.likes),
            }
            bars = {name: progress.add_task(name, total=total) for name, total in totals.items()}
            await fill(
                Filling(api, world, seed, at_once, lambda name: progress.advance(bars[name]))
            )
    return True


def _show_accounts(world: World, url: str) -> None:
    followers: dict[int, int] = {}
    for _, followee in world.follows:
        followers[followee] = followers.get(followee, 0) + 1
    table = Table("username", "password", "who", box=None, header_style="bold")
    ranks = (0, len(world.people) // 4, len(world.people) - 1)
    for rank, who in zip(ranks, ("the best known", "well known", "a newcomer"), strict=True):
        told = f"{who}: {followers.get(rank, 0)} followers, {len(world.posts_of(rank))} posts"
        table.add_row(world.people[rank].username, PASSWORD, told)
    console.print(table)
    login = world.people[0].username
    console.print("\nSign in and look at a home timeline:\n", style="bold")
    print(
        f"TOKEN=$(curl -s {url}/v1/sessions -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"login": "{login}", "password": "{PASSWORD}"}}\' \\\n'
        "  | python3 -c 'import json, sys; print(json.load(sys.stdin)"
        '["session"]["access_token"])\')\n'
        f"curl -s '{url}/v1/timelines/home?limit=2' -H \"Authorization: Bearer $TOKEN\" \\\n"
        "  | python3 -m json.tool"
    )


if __name__ == "__main__":
    typer.run(main)
