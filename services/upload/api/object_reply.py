"""A reply that streams an object from the store."""

from contextlib import AsyncExitStack

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.upload.store.objects import StoredObject


class ObjectReply(StreamingResponse):
    """Streams an object, and closes it even if the first piece is never sent."""

    def __init__(
        self,
        stored: StoredObject,
        opened_object: AsyncExitStack,
        headers: dict[str, str],
        content_type: str,
    ) -> None:
        super().__init__(
            stored.chunks,
            headers={**headers, "Content-Length": str(stored.size)},
            media_type=content_type,
        )
        self._opened_object = opened_object

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the object, then close it."""
        async with self._opened_object:
            await super().__call__(scope, receive, send)
