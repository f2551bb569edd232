"""Alice, bob, carol: new people who send pictures, which are processed here."""

import secrets
import time
from collections.abc import AsyncIterator

from services.upload.actions.backlog import Backlog
from services.upload.actions.process_photo import PROCESS_JOB, PROCESS_SLOW_JOB, process_photo
from services.upload.actions.receive_photo import SentPicture, receive_photo
from services.upload.clients.workshop import Workshop
from services.upload.domain.photos import StoredPhoto
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo
from shared.contracts.photos import Photo
from shared.ids import first_id_at
from shared.sharding.shard_group import ShardGroup
from tests.upload.pictures import small_jpeg


def new_id() -> int:
    """An id as another service could have made it recently, in any shard."""
    return first_id_at(int(time.time() * 1000) - 60_000) + secrets.randbelow(1 << 23)


def room_for_all(group: ShardGroup) -> Backlog:
    """A backlog that is never full."""
    return Backlog(group, dict.fromkeys((PROCESS_JOB, PROCESS_SLOW_JOB), 1_000_000))


async def in_pieces(content: bytes, piece_bytes: int = 65_536) -> AsyncIterator[bytes]:
    """A body in chunks, as it arrives."""
    for at in range(0, len(content), piece_bytes):
        yield content[at : at + piece_bytes]


class Cast:
    """People who act through the same code as over HTTP."""

    def __init__(self, group: ShardGroup, objects: Objects, workshop: Workshop) -> None:
        self._group = group
        self._objects = objects
        self._workshop = workshop

    async def sends(
        self, owner_id: int, content: bytes | None = None, key: str | None = None
    ) -> Photo:
        """Send a picture; it is not yet processed."""
        sent = SentPicture(owner_id, in_pieces(content or small_jpeg()), key)
        return await receive_photo(self._group, self._objects, sent)

    async def processes(self, photo_id: int) -> StoredPhoto:
        """Process a photo here, as the worker does."""
        await process_photo(self._group, self._objects, self._workshop, photo_id)
        photo = await find_photo(self._group, photo_id)
        assert photo is not None
        return photo

    async def has_photo(self, owner_id: int, content: bytes | None = None) -> StoredPhoto:
        """A ready photo."""
        sent = await self.sends(owner_id, content)
        return await self.processes(sent["id"])
