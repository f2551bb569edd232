"""A service that can also be asked to change a part of something."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from shared.service_client.client import JSON_BODY, WRITE_TIMEOUT_MS, Call, ServiceClient
from shared.service_client.replica_transport import Repeat


def of_versions(path: str, versions: Sequence[int] | None) -> str:
    """A path that means only what has one of these versions."""
    if versions is None:
        return path
    # Zero is nobody's version: an empty list would mean any.
    return f"{path}?{urlencode([('version', number) for number in versions or [0]])}"


class PatchingServiceClient(ServiceClient):
    """`ServiceClient` and PATCH."""

    async def patch(
        self,
        path: str,
        body: Any,
        *,
        viewer_id: int,
        versions: Sequence[int] | None = None,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Set the fields of `body`; the same again when repeated, as each is given its value.

        With `versions` only of what has one of them: then a second time is not as once.
        """
        repeat = Repeat.ALWAYS if versions is None else Repeat.IF_NOT_BEGUN
        call = Call("PATCH", of_versions(path, versions), viewer_id, timeout_ms, repeat)
        return await self._send(call, orjson.dumps(body), JSON_BODY)
