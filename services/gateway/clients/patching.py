"""A service client with PATCH and versions."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from shared.service_client.client import JSON_BODY, WRITE_TIMEOUT_MS, Call, ServiceClient
from shared.service_client.replica_transport import Repeat


def of_versions(path: str, versions: Sequence[int] | None) -> str:
    """Add the versions to a path: the service then acts on these versions only."""
    if versions is None:
        return path
    # Nothing has version zero; an empty list would mean any version.
    return f"{path}?{urlencode([('version', number) for number in versions or [0]])}"


class PatchingServiceClient(ServiceClient):
    """`ServiceClient` with PATCH."""

    async def patch(
        self,
        path: str,
        body: Any,
        *,
        viewer_id: int,
        versions: Sequence[int] | None = None,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Set the fields in `body`; repeatable, because each field gets a value.

        With `versions` it is not: a second attempt would find a newer version.
        """
        repeat = Repeat.ALWAYS if versions is None else Repeat.IF_NOT_BEGUN
        call = Call("PATCH", of_versions(path, versions), viewer_id, timeout_ms, repeat)
        return await self._send(call, orjson.dumps(body), JSON_BODY)
