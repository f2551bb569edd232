"""Ways into the suite for made-up requests: through nginx in a session, or to a replica."""

from dataclasses import dataclass
from typing import Any

import httpx
import requests
from schemathesis import Case, Response

from shared.network.internal_tokens import TokenSigner
from tests.journeys.phone import JPEG, account, picture
from tests.suite import Suite

_TIMEOUT_S = 40


@dataclass
class Door:
    """Where requests go, in whose name, and what is there to be asked for by the path."""

    base_url: str
    session: requests.Session
    viewer: dict[str, Any]
    known: dict[str, str]
    signer: TokenSigner | None = None
    verify: str | bool = True

    def ask(self, case: Case[Any]) -> Response:
        """Send it as a client that is signed in."""
        if self.signer is not None:
            bearer = self.signer.token(int(self.viewer["user"]["id"]))
        else:
            bearer = self.viewer["session"]["access_token"]
        return case.call(
            base_url=self.base_url,
            session=self.session,
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=_TIMEOUT_S,
            verify=self.verify,
            allow_redirects=False,
        )


def open_door(suite: Suite, service: str) -> Door:
    """The public door for the gateway, else that of a service's first replica."""
    with httpx.Client(base_url=suite.public_url, timeout=_TIMEOUT_S) as http:
        viewer, known = _world(http)
    session = requests.Session()
    if service == "gateway":
        return Door(suite.public_url, session, viewer, known)
    verify = str(suite.ca_file)
    process = suite.process(f"{service}-1")
    key = suite.internal_key(service)
    signer = TokenSigner(key=key, audience=service, caller="gateway-1")
    return Door(f"https://{process.address}:{process.port}", session, viewer, known, signer, verify)


def _world(http: httpx.Client) -> tuple[dict[str, Any], dict[str, str]]:
    """A viewer who follows somebody with a post and a comment under it; ids by their names."""
    viewer, author = (_made(http.post("/v1/users", json=account(name))) for name in ("eve", "ann"))
    of_author = {"Authorization": f"Bearer {author['session']['access_token']}"}
    of_viewer = {"Authorization": f"Bearer {viewer['session']['access_token']}"}
    photo = _made(http.post("/v1/photos", content=picture(), headers={**of_author, **JPEG}))
    draft = {"photo_ids": [photo["photo"]["id"]], "caption": "Fog #contract"}
    post = _made(http.post("/v1/posts", json=draft, headers=of_author))["post"]
    comments = f"/v1/posts/{post['id']}/comments"
    comment = _made(http.post(comments, json={"text": "Oh"}, headers=of_author))["comment"]
    own = _made(http.post("/v1/photos", content=picture(), headers={**of_viewer, **JPEG}))
    http.put(f"/v1/users/{author['user']['id']}/follow", headers=of_viewer).raise_for_status()
    return viewer, {
        "user_id": author["user"]["id"],
        "username": author["user"]["username"],
        "post_id": post["id"],
        "comment_id": comment["id"],
        "photo_id": own["photo"]["id"],
        "tag": "contract",
    }


def _made(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code in {201, 202}, reply.text
    return dict(reply.json())
