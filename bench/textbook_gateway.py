"""A gateway as tutorials have it: FastAPI, pydantic models in and out, httpx as it comes.

`python -m bench.textbook_gateway PORT`, with the environment of the gateway.
"""

import sys
import time
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, TypeAdapter

from services.gateway.domain.media_urls import MediaUrls
from services.gateway.domain.posts import HomePage, timeline_posts
from services.gateway.settings import GatewaySettings
from shared.contracts.people import Card
from shared.contracts.posts import HomePage as FeedHomePage
from shared.settings import read_settings
from shared.web.internal_tokens import TokenSigner

settings = read_settings(GatewaySettings)
media = MediaUrls(
    settings.media_base_url,
    settings.media_signing_key.get_secret_value(),
    settings.media_url_seconds,
)
app = FastAPI()
feed_home = TypeAdapter(FeedHomePage)


class Session(BaseModel):
    """What users says of a token."""

    user_id: int
    session_id: int
    expires_at_ms: int


class Cards(BaseModel):
    """What users says of people."""

    cards: dict[str, Card]


def _client(name: str, base_url: str) -> tuple[httpx.AsyncClient, TokenSigner]:
    key = settings.internal_keys[name].get_secret_value()
    client = httpx.AsyncClient(base_url=base_url, verify=str(settings.tls_ca_file))
    return client, TokenSigner(key=key, audience=name, caller="gateway-1")


users, users_tokens = _client("users", sys.argv[2])
feed, feed_tokens = _client("feed", sys.argv[3])


def _bearer(tokens: TokenSigner, viewer_id: int | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.token(viewer_id)}"}


async def viewer(authorization: Annotated[str, Header()]) -> Session:
    asked = {"access_token": authorization.partition(" ")[2]}
    reply = await users.post("/sessions/check", json=asked, headers=_bearer(users_tokens, None))
    if reply.status_code != 200:
        raise HTTPException(401)
    return Session.model_validate(reply.json())


@app.get("/v1/timelines/home")
async def home_timeline(session: Annotated[Session, Depends(viewer)], limit: int = 20) -> HomePage:
    headers = _bearer(feed_tokens, session.user_id)
    reply = await feed.get("/timelines/home", params={"limit": limit}, headers=headers)
    home = feed_home.validate_python(reply.json())
    ids = sorted({post["author_id"] for post in home["items"]})
    headers = _bearer(users_tokens, session.user_id)
    cards = Cards.model_validate(
        (await users.post("/cards", json={"ids": ids}, headers=headers)).json()
    ).cards
    items: Any = timeline_posts(home["items"], cards, media.at(time.time()))
    return HomePage(items=items, next_cursor=home["next_cursor"], completeness=home["completeness"])


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
