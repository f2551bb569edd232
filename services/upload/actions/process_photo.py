"""Makes a received photo ready: decode, draw, put, commit, then delete the original."""

import time
from contextlib import suppress

from services.upload.actions.photo_steps import note_ready, note_step, photos_processed, timed_step
from services.upload.actions.tidy_photo import TIDY_JOB
from services.upload.clients.decoder import DecoderStalled
from services.upload.clients.memory_files import MemoryFile
from services.upload.clients.workshop import Workshop
from services.upload.domain.decoding_budget import (
    SECONDS_IN_ALL,
    BudgetSpent,
    CpuBudget,
    seconds_of_try,
)
from services.upload.domain.edits import size_of_part
from services.upload.domain.photos import StoredPhoto
from services.upload.domain.picture_faults import PictureFault, PictureRefused
from services.upload.domain.picture_kinds import PictureKind
from services.upload.domain.rendition_sizes import Size
from services.upload.domain.renditions import DrawnPhoto
from services.upload.store.objects import Objects
from services.upload.store.photos import (
    find_photo,
    forget_original,
    mark_failed,
    mark_ready,
    refund_decoding,
    spend_decoding,
)
from shared.errors import NotFound, Unavailable
from shared.ids import created_ms
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

# Three names, so that slow codecs and costly pictures have lanes of their own.
PROCESS_JOB = "process_photo"
PROCESS_SLOW_JOB = "process_slow_photo"
PROCESS_COSTLY_JOB = "process_costly_photo"

log = get_logger()


def job_for(kind: PictureKind) -> str:
    """The job that processes a picture of this kind."""
    return PROCESS_SLOW_JOB if kind.is_slow else PROCESS_JOB


async def process_photo(
    group: ShardGroup,
    objects: Objects,
    workshop: Workshop,
    photo_id: int,
    *,
    is_costly: bool = False,
) -> None:
    """Process a photo until it is ready or failed; an earlier try may have done any step.

    The same original gives the same keys, so a repeated try overwrites what an interrupted one
    left. If the small budget of the first try is not enough, the job goes to the lane of costly
    pictures. Raises Unavailable if a part of the suite is away.
    """
    photo = await find_photo(group, photo_id)
    if photo is None:
        return
    if photo.state == "processing":
        if photo.plain is None and not is_costly:
            note_step("queue", time.time() - created_ms(photo_id) / 1000)
        if not await _is_done(group, objects, workshop, photo, is_costly=is_costly):
            return
    if photo.quarantine_key is not None:
        await objects.delete([photo.quarantine_key])
        await forget_original(group, photo_id)


async def _is_done(
    group: ShardGroup, objects: Objects, workshop: Workshop, photo: StoredPhoto, *, is_costly: bool
) -> bool:
    """Try once within a budget; False if the job was handed over or the photo is gone."""
    wanted = seconds_of_try(_kind_decoded(photo), is_costly=is_costly)
    granted = await spend_decoding(
        group, photo.id, wanted_seconds=wanted, most_seconds=SECONDS_IN_ALL
    )
    if granted is None:
        return False
    budget = CpuBudget(granted)
    try:
        if not granted:
            raise PictureRefused(PictureFault.TOO_COSTLY)
        await _process(group, objects, workshop, photo, budget)
    except PictureRefused as refused:
        await _fail(group, photo, refused)
    except (BudgetSpent, DecoderStalled) as too_little:
        if not is_costly:
            await _hand_over(group, photo)
            return False
        if isinstance(too_little, DecoderStalled):
            raise
        await _fail(group, photo, PictureRefused(PictureFault.TOO_COSTLY))
    except BaseException:
        # The job will run again; return the unused budget to the next try.
        with suppress(Unavailable):
            await refund_decoding(group, photo.id, budget.unspent_ms)
        raise
    return True


async def _process(
    group: ShardGroup, objects: Objects, workshop: Workshop, photo: StoredPhoto, budget: CpuBudget
) -> None:
    drawn = await _develop(objects, workshop, photo, budget)
    renditions = [rendition.described(photo.id) for rendition in drawn.renditions]
    with timed_step("put"):
        await objects.put_renditions(drawn.renditions, renditions)
    with timed_step("finish"):
        async with group.writer(group.shard_of(photo.id)) as tx:
            await mark_ready(tx, photo, _whole_size(photo, drawn), drawn.thumbhash, renditions)
            if photo.plain is not None:
                await tx.enqueue(TIDY_JOB, {"photo_id": photo.id})
    photos_processed.labels("ready").inc()
    if photo.plain is None:
        note_ready(photo.id)


async def _fail(group: ShardGroup, photo: StoredPhoto, refused: PictureRefused) -> None:
    async with group.writer(group.shard_of(photo.id)) as tx:
        await mark_failed(tx, photo.id, refused.sentence)
    photos_processed.labels(refused.fault.name.lower()).inc()
    log.info("photo_failed", photo_id=photo.id, fault=refused.fault.name)


async def _hand_over(group: ShardGroup, photo: StoredPhoto) -> None:
    async with group.writer(group.shard_of(photo.id)) as tx:
        await tx.enqueue(PROCESS_COSTLY_JOB, {"photo_id": photo.id})
    log.info("photo_is_costly", photo_id=photo.id)


async def _develop(
    objects: Objects, workshop: Workshop, photo: StoredPhoto, budget: CpuBudget
) -> DrawnPhoto:
    key, kind = _source(photo)
    with MemoryFile("original") as original:
        with timed_step("fetch"):
            try:
                await objects.read(key, original.append)
            except NotFound:
                raise PictureRefused(PictureFault.LOST) from None
        original.seal_content()
        developed = await workshop.develop(original, kind, budget, photo.edit)
    note_step("decode", developed.decode_seconds)
    note_step("encode", developed.draw_seconds)
    return developed.drawn


def _source(photo: StoredPhoto) -> tuple[str, PictureKind]:
    """What to draw from: the original, or for an edit the largest unedited rendition."""
    if photo.plain is not None:
        return photo.plain["renditions"][0]["key"], _kind_decoded(photo)
    if photo.quarantine_key is None:
        raise PictureRefused(PictureFault.LOST)
    return photo.quarantine_key, _kind_decoded(photo)


def _kind_decoded(photo: StoredPhoto) -> PictureKind:
    # Renditions are always JPEG.
    return PictureKind[photo.kind] if photo.plain is None else PictureKind.JPEG


def _whole_size(photo: StoredPhoto, drawn: DrawnPhoto) -> Size:
    """The size of the received picture, or of the part that is shown."""
    if photo.plain is None:
        return drawn.size
    whole = Size(photo.plain["width"], photo.plain["height"])
    return whole if photo.crop is None else size_of_part(photo.crop, whole)
