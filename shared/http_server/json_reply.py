"""A JSON reply that orjson encodes directly to bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


class JsonReply(Response):
    """A reply with `data` as JSON; nothing is validated or copied."""

    media_type = "application/json"

    def __init__(
        self, data: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(orjson.dumps(data), status_code, headers)
