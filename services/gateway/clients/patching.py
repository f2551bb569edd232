"""A service that can also be asked to change a part of something."""

from typing import Any

import orjson

from shared.service_client.client import JSON_BODY, WRITE_TIMEOUT_MS, Call, ServiceClient
from shared.service_client.replica_transport import Repeat


class PatchingServiceClient(ServiceClient):
    """`ServiceClient` and PATCH."""

    async def patch(
        self, path: str, body: Any, *, viewer_id: int, timeout_ms: float = WRITE_TIMEOUT_MS
    ) -> Any:
        """Set the fields of `body`; the same again when repeated, as each is given its value."""
        call = Call("PATCH", path, viewer_id, timeout_ms, Repeat.ALWAYS)
        return await self._send(call, orjson.dumps(body), JSON_BODY)
