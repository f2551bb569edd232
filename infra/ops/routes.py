"""The addresses below /ops: the page, its files, signing in and out, and its data."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.responses import Response

from infra.ops.descriptions import dashboards
from infra.ops.operations_pages import find_page
from infra.ops.panels import RANGES_MINUTES
from infra.ops.resources import Resources
from infra.ops.sign_in import COOKIE, SESSION_S, WrongOperatorPassword, is_over_tls
from shared.errors import Forbidden, NotFound
from shared.http_server.json_reply import JsonReply

PAGE_FOLDER = Path(__file__).with_name("page")
SIGN_IN = "/ops/sign-in"
HOME = "/ops/"
_SEE_OTHER = 303
# A password and its field's name.
_FORM_BYTES_MAX = 1024

router = APIRouter()


def resources_of(request: Request) -> Resources:
    """Return what the process has opened."""
    found: Resources = request.app.state.resources
    return found


@router.get("/ops", include_in_schema=False)
async def get_bare() -> Response:
    """Send a browser to the page, whose files have addresses below it."""
    return RedirectResponse(HOME, _SEE_OTHER)


@router.get(HOME, include_in_schema=False)
async def get_page() -> Response:
    """Return the page."""
    return FileResponse(PAGE_FOLDER / "page.html")


@router.get(SIGN_IN, include_in_schema=False)
async def get_sign_in() -> Response:
    """Return the form for the password."""
    return FileResponse(PAGE_FOLDER / "sign-in.html")


@router.post(SIGN_IN, include_in_schema=False)
async def post_sign_in(request: Request) -> Response:
    """Open a session for the right password; a wrong one is shown at the form."""
    body = await request.body()
    if len(body) > _FORM_BYTES_MAX:
        raise Forbidden
    form = parse_qs(body.decode("utf-8", "replace"))
    guard = resources_of(request).guard
    try:
        token = guard.sign_in(form.get("password", [""])[0].strip())
    except WrongOperatorPassword:
        return RedirectResponse(f"{SIGN_IN}#wrong", _SEE_OTHER)
    reply = RedirectResponse(HOME, _SEE_OTHER)
    reply.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_S),
        path="/ops",
        secure=is_over_tls(request.headers),
        httponly=True,
        samesite="strict",
    )
    return reply


@router.post("/ops/sign-out", include_in_schema=False)
async def post_sign_out(request: Request) -> Response:
    """End the session."""
    resources_of(request).guard.sessions.close(request.cookies.get(COOKIE, ""))
    reply = RedirectResponse(SIGN_IN, _SEE_OTHER)
    reply.delete_cookie(COOKIE, path="/ops")
    return reply


@router.get("/ops/pages/{name}", include_in_schema=False)
async def get_operations_page(name: str) -> Response:
    """Return a page of docs/operations as HTML."""
    found = find_page(name)
    if found is None:
        raise NotFound
    return HTMLResponse(found)


@router.get("/ops/api/now", summary="Read what the top of the page shows")
async def get_now(request: Request) -> Response:
    """Return the verdict, figures, processes, databases, alerts and actions."""
    return JsonReply(await resources_of(request).glance.now())


@router.get("/ops/api/dashboards", summary="List the dashboards")
async def get_dashboards() -> Response:
    """Return the names and titles of all dashboards, and the ranges that can be asked for."""
    named = [{"name": one.name, "title": one.title} for one in dashboards()]
    return JsonReply({"dashboards": named, "ranges_minutes": list(RANGES_MINUTES)})


@router.get("/ops/api/dashboards/{name}", summary="Read a dashboard's plots")
async def get_dashboard(
    request: Request, name: str, minutes: Annotated[int, Query(ge=1)] = 60
) -> Response:
    """Return all panels of a dashboard over the last minutes."""
    found = next((one for one in dashboards() if one.name == name), None)
    if found is None or minutes not in RANGES_MINUTES:
        raise NotFound
    return JsonReply({"panels": await resources_of(request).panels.of(found, minutes)})


@router.get("/ops/api/forecast", summary="Read when something runs out")
async def get_forecast(request: Request) -> Response:
    """Return the forecast, which is made anew every ten minutes at most."""
    document: dict[str, Any] = await resources_of(request).forecasts.now()
    return JsonReply(document)
