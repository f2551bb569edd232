"""The OpenAPI page; this process serves all its assets, so no other host is contacted."""

import html
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from shared.http_server.json_reply import JsonReply

# All assets have addresses below the page's own, so the page works as /docs and, behind a proxy,
# as /docs/users. A script adds them, because a browser's preload would resolve relative addresses
# beside the page. The empty icon saves a request for one.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
.swagger-ui .info li {{ line-height: 1.7; }}
.swagger-ui .info li code, .swagger-ui .info p code {{ padding: 1px 4px; }}
</style>
</head>
<body>
<div id="page"></div>
<script>
const below = location.pathname.replace(/\\/*$/, "/");
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = below + "assets/swagger-ui.css";
const bundle = document.createElement("script");
bundle.src = below + "assets/swagger-ui-bundle.js";
bundle.onload = () => SwaggerUIBundle(Object.assign({options}, {{
  dom_id: "#page",
  url: below + "openapi.json",
  presets: [SwaggerUIBundle.presets.apis],
}}));
document.head.append(style, bundle);
</script>
</body>
</html>
"""


def install_docs_page(app: FastAPI, *, is_read_only: bool) -> None:
    """Serve /docs with its assets and document, and /openapi.json.

    A read-only page has no "Try it out", because a service answers only calls with a token.
    """
    options: dict[str, Any] = {
        "validatorUrl": None,
        "deepLinking": True,
        "displayRequestDuration": True,
        "defaultModelsExpandDepth": 0,
        **({"supportedSubmitMethods": []} if is_read_only else {}),
    }
    page = _PAGE.format(title=html.escape(app.title), options=orjson.dumps(options).decode())

    async def show_page(_request: Request) -> Response:
        return HTMLResponse(page)

    async def show_document(_request: Request) -> Response:
        return JsonReply(app.openapi())

    assets = str(files("fastapi_offline") / "static")
    app.router.routes.extend(
        [
            Route("/docs", show_page, include_in_schema=False),
            Route("/docs/", show_page, include_in_schema=False),
            Route("/docs/openapi.json", show_document, include_in_schema=False),
            Route("/openapi.json", show_document, include_in_schema=False),
        ]
    )
    app.mount("/docs/assets", StaticFiles(directory=assets))
