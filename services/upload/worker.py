"""The worker of upload, which makes photos ready: `python -m services.upload.worker`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from services.upload.actions.compose_archive import compose_archive
from services.upload.actions.delete_photo import delete_photo
from services.upload.actions.forget_archive import FORGET_ARCHIVE_JOB, forget_archive
from services.upload.actions.process_photo import (
    PROCESS_COSTLY_JOB,
    PROCESS_JOB,
    PROCESS_SLOW_JOB,
    process_photo,
)
from services.upload.actions.receive_archive import COMPOSE_JOB
from services.upload.actions.release_photos import DELETE_JOB
from services.upload.actions.sweep_store import keep_store_swept
from services.upload.actions.tell_of_photo import tell_of_photo
from services.upload.actions.tidy_photo import TIDY_JOB, tidy_photo
from services.upload.app import INFO
from services.upload.resources import WorkerResources, open_worker_resources
from services.upload.settings import UploadSettings
from services.upload.store.erasures import OLD_BARS
from shared.http_server.worker_app import serve_worker
from shared.jobs.expired_rows import ExpiredRows
from shared.jobs.job_worker import JobWorker, Lane
from shared.settings import read_settings

# While one photo is being developed, another can be fetched or put: two per processor.
_PHOTOS_PER_PLACE = 2
_SLOW_PHOTOS = 1
# Costly photos have a decoder of their own, so ordinary ones continue.
_COSTLY_PHOTOS = 1
_DELETIONS = 4
# Each is a local file of some hundred megabytes while it is made.
_ARCHIVES = 1


async def run(resources: WorkerResources, stop: asyncio.Event) -> None:
    """Run the worker's loops until `stop` is set."""
    process = _with("photo_id", partial(_process, resources))
    process_costly = _with("photo_id", partial(_process, resources, is_costly=True))
    delete = _with(
        "photo_id", partial(delete_photo, resources.group, resources.objects, resources.caches)
    )
    tidy = _with(
        "photo_id", partial(tidy_photo, resources.group, resources.objects, resources.caches)
    )
    compose = _with("archive_id", partial(compose_archive, resources.group, resources.objects))
    forget = _with("archive_id", partial(forget_archive, resources.group, resources.objects))
    jobs = JobWorker(
        resources.group,
        {
            PROCESS_JOB: process,
            PROCESS_SLOW_JOB: process,
            PROCESS_COSTLY_JOB: process_costly,
            DELETE_JOB: delete,
            COMPOSE_JOB: compose,
            FORGET_ARCHIVE_JOB: forget,
            TIDY_JOB: tidy,
        },
        [
            Lane([PROCESS_JOB], _PHOTOS_PER_PLACE * resources.pictures_at_once),
            Lane([PROCESS_SLOW_JOB], _SLOW_PHOTOS),
            Lane([PROCESS_COSTLY_JOB], _COSTLY_PHOTOS),
            Lane([DELETE_JOB, TIDY_JOB], _DELETIONS),
            Lane([COMPOSE_JOB, FORGET_ARCHIVE_JOB], _ARCHIVES),
        ],
    )
    async with asyncio.TaskGroup() as loops:
        loops.create_task(jobs.run(stop))
        loops.create_task(ExpiredRows(resources.group, (OLD_BARS,)).run(stop))
        loops.create_task(keep_store_swept(resources.group, resources.objects, stop))


async def _process(resources: WorkerResources, photo_id: int, *, is_costly: bool = False) -> None:
    workshop = resources.costly_workshop if is_costly else resources.workshop
    try:
        await process_photo(
            resources.group, resources.objects, workshop, photo_id, is_costly=is_costly
        )
    finally:
        # The change may be committed even if a later step failed.
        await resources.polled.note_change(photo_id)
    await tell_of_photo(resources.group, resources.feed, photo_id)


def _with(
    name: str, action: Callable[[int], Awaitable[None]]
) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def handle(payload: dict[str, Any]) -> None:
        await action(payload[name])

    return handle


def main() -> None:
    """Work until a signal ends the process."""
    settings = read_settings(UploadSettings)
    info = replace(INFO, title="upload's worker")
    serve_worker(info, settings, partial(open_worker_resources, settings), run)


if __name__ == "__main__":
    main()
