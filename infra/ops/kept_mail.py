"""Asks the embedded server of mail for the messages that it keeps."""

from typing import Any

import httpx

from infra.ops.asking import Asking
from infra.ops.neighbours import NeighbourAway, NeighbourOff

_TIMEOUT_S = 5.0
_FOUND, _MISSING = 200, 404


class KeptMail:
    """The interface of the server; an empty address is a suite whose mail goes elsewhere."""

    def __init__(self, asking: Asking, url: str, operator_token: str) -> None:
        self._asking = asking
        self._url = url.rstrip("/")
        self._as_operator = {"Authorization": f"Bearer {operator_token}"}

    async def latest(self) -> list[dict[str, Any]]:
        """Return the latest 200 messages without bodies, newest first; raises NeighbourAway."""
        reply = await self._get("/messages")
        listed: list[dict[str, Any]] = reply.json()["messages"]
        return listed

    async def find(self, id_: str) -> dict[str, Any] | None:
        """Return headers and bodies of a message, None if it is gone; raises NeighbourAway."""
        reply = await self._get(f"/messages/{id_}")
        if reply.status_code == _MISSING:
            return None
        message: dict[str, Any] = reply.json()
        return message

    async def _get(self, path: str) -> httpx.Response:
        if not self._url:
            raise NeighbourOff("This suite sends its mail to a server of somebody else")
        try:
            reply = await self._asking.ask(
                "GET", self._url + path, _TIMEOUT_S, headers=self._as_operator
            )
        except httpx.HTTPError as error:
            raise NeighbourAway(f"The server of mail does not answer ({error!r})") from error
        if reply.status_code not in {_FOUND, _MISSING}:
            raise NeighbourAway(f"The server of mail answers {reply.status_code}")
        return reply
