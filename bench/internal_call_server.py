"""The replica that bench.internal_call asks: uvicorn with TLS and a constant 6 KB JSON reply."""

import sys

import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

# A page of twenty cards, about as long as users' replies to the gateway.
_CARD = {"username": "alice", "display_name": "Alice of Wonderland", "avatar_key": "r/1/thumb.jpg"}
_EXTRA = {"is_private": False, "may_view": True, "biography": "x" * 160}
REPLY = orjson.dumps({"cards": {str(10**17 + n): _CARD | _EXTRA | {"id": n} for n in range(20)}})
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(REPLY)).encode()),
    (b"x-request-id", b"0123456789abcdef0123456789abcdef"),
]


async def reply(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer every request with the same page."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": REPLY})


if __name__ == "__main__":
    host, port, cert, key = sys.argv[1:]
    uvicorn.run(
        reply,
        host=host,
        port=int(port),
        ssl_certfile=cert,
        ssl_keyfile=key,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
    )
