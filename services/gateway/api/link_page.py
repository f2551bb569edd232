"""The page behind the links of messages, for browsers; an app may open these links itself."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PAGE = Path(__file__).with_name("link_page.html").read_text(encoding="utf-8")


@router.get("/link")
async def get_link_page() -> Response:
    """The page, which reads the proof behind the `#` and acts on a press of its button.

    No server and no scanner of mail sees that part of a link, or presses a button.
    """
    return HTMLResponse(_PAGE, headers={"Cache-Control": "no-store"})
