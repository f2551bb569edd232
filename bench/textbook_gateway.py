"""A gateway as in tutorials: FastAPI, models in and out, httpx and uvicorn with their defaults.

Run `python -m bench.textbook_gateway PORT USERS FEED SECONDS` with the environment of the gateway,
and the addresses of a replica of users and of feed. Each request makes three calls in sequence over
kept connections: users checks the session, feed returns the page, users returns the authors' cards.
With SECONDS above 0 the session check is cached for that long. Our gateway caches session checks
and cards, and makes two calls to Redis, for rate limits and for invalidations.

pydantic validates the services' replies and our reply, as FastAPI does by default. The visibility
rules and the addresses of pictures come from our own functions.
"""

import sys
import time
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import TypeAdapter

from services.gateway.domain.media_urls import MediaUrls
from services.gateway.domain.visibility import author_ids
from services.gateway.settings import GatewaySettings
from services.gateway.views.posts import HomePage, timeline_posts
from shared.contracts.people import Cards, SessionAnswers, SessionCheck
from shared.contracts.posts import HomePage as FeedPage
from shared.network.internal_tokens import TokenSigner
from shared.settings import read_settings

settings = read_settings(GatewaySettings)
app = FastAPI()
media_key = settings.media_signing_key.get_secret_value()
media = MediaUrls(settings.media_base_url, media_key, settings.media_url_seconds)
users = httpx.AsyncClient(base_url=sys.argv[2], verify=str(settings.tls_ca_file))
feed = httpx.AsyncClient(base_url=sys.argv[3], verify=str(settings.tls_ca_file))
tokens = {
    name: TokenSigner(key=key.get_secret_value(), audience=name, caller="gateway-1")
    for name, key in settings.internal_keys.items()
}
# Made once, because tutorials warn of making one per request.
session_answers, feed_page = TypeAdapter(SessionAnswers), TypeAdapter(FeedPage)
cards = TypeAdapter(Cards)
SESSION_S = float(sys.argv[4])
sessions: dict[str, tuple[SessionCheck, float]] = {}


async def call(
    service: str, method: str, path: str, viewer_id: int | None = None, **asked: Any
) -> bytes:
    client = users if service == "users" else feed
    headers = {"Authorization": f"Bearer {tokens[service].token(viewer_id)}"}
    reply = await client.request(method, path, headers=headers, **asked)
    reply.raise_for_status()
    return reply.content


async def session_of(authorization: Annotated[str, Header()]) -> SessionCheck:
    token = authorization.removeprefix("Bearer ")
    if token in sessions and sessions[token][1] > time.monotonic():
        return sessions[token][0]
    reply = await call("users", "POST", "/sessions/check", json={"access_tokens": [token]})
    session = session_answers.validate_json(reply)["answers"][0]["session"]
    if session is None:
        raise HTTPException(401)
    sessions[token] = session, time.monotonic() + SESSION_S
    return session


@app.get("/v1/timelines/home")
async def home_timeline(
    session: Annotated[SessionCheck, Depends(session_of)], limit: int = 20
) -> HomePage:
    viewer_id = session["user_id"]
    reply = await call("feed", "GET", "/timelines/home", viewer_id, params={"limit": limit})
    page = feed_page.validate_json(reply)
    asked = {"ids": author_ids(page["items"])}
    reply = await call("users", "POST", "/cards", viewer_id, json=asked)
    authors = cards.validate_json(reply)["cards"]
    posts = timeline_posts(page["items"], authors, media.speller_at(time.time()))
    return {
        "items": posts,
        "next_cursor": page["next_cursor"],
        "completeness": page["completeness"],
    }


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        access_log=False,
        log_level="error",
    )
