"""The pages below /ops/mail: the kept messages, and each as a reader shows it."""

import html
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from infra.ops.kept_mail import KeptMail
from infra.ops.neighbours import NeighbourAway
from shared.errors import NotFound

router = APIRouter()

MessageId = Annotated[str, Path(pattern="^[0-9a-f-]{1,40}$")]
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/ops/files/ops.css">
<link rel="stylesheet" href="/ops/files/mail.css">
</head>
<body>
<header><p><a href="{back}">{back_to}</a></p></header>
<main class="text mail">
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
_NONE = "<p>No message has arrived yet.</p>"
_SHOWN_HEADERS = ("From", "To", "Subject", "Date", "Message-ID")


def _kept_mail(request: Request) -> KeptMail:
    found: KeptMail = request.app.state.resources.mail
    return found


@router.get("/ops/mail", include_in_schema=False)
async def get_messages(request: Request) -> Response:
    """Return the latest messages as a list."""
    try:
        messages = await _kept_mail(request).latest()
    except NeighbourAway as away:
        return _page("Mail", f"<p>{html.escape(str(away))}.</p>", "/ops/", "Back to how it is")
    rows = "".join(map(_row, messages))
    table = f"<table><tr><th>Arrived</th><th>To</th><th>Subject</th></tr>{rows}</table>"
    return _page("Mail", table if rows else _NONE, "/ops/", "Back to how it is")


@router.get("/ops/mail/{id_}", include_in_schema=False)
async def get_message(request: Request, id_: MessageId) -> Response:
    """Return one message: its headers, its HTML in a frame, and its text."""
    message = await _found(request, id_)
    headers = dict(message["headers"])
    lines = "".join(
        f"<dt>{name}</dt><dd>{html.escape(headers[name])}</dd>"
        for name in _SHOWN_HEADERS
        if name in headers
    )
    body = (
        f"<dl>{lines}</dl>"
        f'<iframe title="The message" sandbox src="/ops/mail/{id_}/body"></iframe>'
        f"<h2>As text</h2><pre>{html.escape(message['text'])}</pre>"
    )
    return _page(headers.get("Subject", "A message"), body, "/ops/mail", "Back to all mail")


@router.get("/ops/mail/{id_}/body", include_in_schema=False)
async def get_body(request: Request, id_: MessageId) -> Response:
    """Return a message's HTML as it came; the gate lets it load and run nothing."""
    return HTMLResponse((await _found(request, id_))["html"])


async def _found(request: Request, id_: str) -> dict[str, Any]:
    try:
        message = await _kept_mail(request).find(id_)
    except NeighbourAway as away:
        raise NotFound(str(away)) from away
    if message is None:
        raise NotFound
    return message


def _row(message: dict[str, Any]) -> str:
    at = f"{datetime.fromtimestamp(message['at'], UTC):%Y-%m-%d %H:%M:%S}"
    link = f'<a href="/ops/mail/{message["id"]}">{html.escape(message["subject"])}</a>'
    return f"<tr><td>{at}</td><td>{html.escape(message['recipient'])}</td><td>{link}</td></tr>"


def _page(title: str, body: str, back: str, back_to: str) -> Response:
    return HTMLResponse(
        _PAGE.format(title=html.escape(title), body=body, back=back, back_to=back_to)
    )
