"""Copies one bucket into another, and compares the two."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS, ListedObject, Objects
from services.upload.store.spool import Spool
from shared.errors import NotFound

PREFIXES = (RENDITIONS, ARCHIVES, QUARANTINE)
_PAGE_MAX = 500
_AT_ONCE = 8


@dataclass(slots=True)
class Mirrored:
    """Progress: objects seen, objects copied, and bytes copied."""

    seen: int = 0
    copied: int = 0
    copied_bytes: int = 0


@dataclass(slots=True)
class Difference:
    """Objects that the mirror lacks or has in another length."""

    objects: int = 0
    missing: list[str] = field(default_factory=list)


async def mirror_store(
    source: Objects, target: Objects, tell: Callable[[Mirrored], None]
) -> Mirrored:
    """Copy all that the target lacks, page by page; it may be interrupted and repeated.

    `tell` gets the progress after each page. Objects deleted meanwhile are skipped.
    """
    done = Mirrored()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def copy(key: str) -> None:
        async with gate:
            size = await _copy(source, target, key)
        if size is not None:
            done.copied += 1
            done.copied_bytes += size

    async for page, lacking in _compared(source, target):
        await asyncio.gather(*(copy(listed.key) for listed in lacking))
        done.seen += len(page)
        tell(done)
    return done


async def compare_stores(source: Objects, target: Objects, until: datetime) -> Difference:
    """Objects older than `until` that the target lacks and the source still has."""
    found = Difference()
    async for page, lacking in _compared(source, target):
        found.objects += sum(listed.modified_at < until for listed in page)
        found.missing += [
            listed.key
            for listed in lacking
            if listed.modified_at < until and await source.has_itself(listed.key)
        ]
    return found


async def _compared(
    source: Objects, target: Objects
) -> AsyncIterator[tuple[list[ListedObject], list[ListedObject]]]:
    """Pages of the source, each with its objects that the target lacks."""
    for prefix in PREFIXES:
        after: str | None = ""
        while after is not None:
            start = after
            page, after = await source.page(f"{prefix}/", start, _PAGE_MAX)
            there = await _sizes(target, f"{prefix}/", start, page)
            yield page, [listed for listed in page if there.get(listed.key) != listed.size]


async def _sizes(
    target: Objects, prefix: str, start: str, page: list[ListedObject]
) -> dict[str, int]:
    """Sizes of the target's objects between the first and the last key of a page."""
    sizes: dict[str, int] = {}
    after: str | None = start
    while page and after is not None and after < page[-1].key:
        listed, after = await target.page(prefix, after, _PAGE_MAX)
        sizes |= {found.key: found.size for found in listed}
    return sizes


async def _copy(source: Objects, target: Objects, key: str) -> int | None:
    async with Spool() as spool:
        try:
            async with source.open_file(key) as stored:
                async for chunk in stored.chunks:
                    await spool.append(chunk)
        except NotFound:
            return None
        await target.put_file(key, await spool.rewound(), spool.size)
        return spool.size
