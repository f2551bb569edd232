"""A JSON reply that is encoded once, straight to bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


class JsonReply(Response):
    """`data` made of dicts, lists, strings, numbers and None; nothing is validated or copied."""

    media_type = "application/json"

    def __init__(
        self, data: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(orjson.dumps(data), status_code, headers)
