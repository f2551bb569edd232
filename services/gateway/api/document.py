"""The public OpenAPI document: what applies to all routes, and where it is served."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute

from services.gateway.api.document_fields import explain_fields
from services.gateway.api.document_nulls import leave_defaults_out, spell_maps, spell_nulls
from services.gateway.api.problem_codes import UNDER_MAINTENANCE, add_problem
from services.gateway.api.replies import conditional_reply
from services.gateway.domain.maintenance import is_refused_in_maintenance
from shared.http_server.examples import example_of

router = APIRouter(include_in_schema=False)

DESCRIPTION = Path(__file__).with_name("guide.md").read_text(encoding="utf-8").strip()

_TAGS = [
    {"name": "Accounts", "description": "Sign up, sign in, your own account."},
    {"name": "People", "description": "Profiles and the follow graph."},
    {"name": "Photos", "description": "Upload first, then publish."},
    {"name": "Posts", "description": "One to ten photos with a caption, likes and saves."},
    {"name": "Comments", "description": "What people write under posts."},
    {
        "name": "Uploads",
        "description": "Resumable uploads of photos, by tus 1.0.0.",
    },
    {"name": "Activity", "description": "What others did that concerns you."},
    {"name": "Reports", "description": "Report content to the operators."},
    {
        "name": "Timelines",
        "description": "Posts of the people you follow, tags, and popular posts.",
    },
]
# Long enough for a burst of clients, short enough for a release.
_KEPT = "public, max-age=300"
_FRAMEWORKS_SCHEMAS = ("HTTPValidationError", "ValidationError")
_REQUEST_ID = {
    "description": "Names the request in every log; quote it when you ask for help.",
    "schema": {"type": "string"},
}

_LIMIT_HEADERS = {
    "RateLimit-Policy": ("RateLimitPolicy", "The limits of this route: `q` in `w` s."),
    "RateLimit": ("RateLimit", "The limit closest to exhaustion: `r` left, full again in `t` s."),
    "X-RateLimit-Limit": ("LimitQuota", "The same limit: its quota."),
    "X-RateLimit-Remaining": ("LimitRemaining", "The same limit: requests left."),
    "X-RateLimit-Reset": ("LimitReset", "The same limit: when it is full again, in Unix time."),
}


@router.get("/v1/openapi.json")
async def get_document(request: Request) -> Response:
    """The public API's document; balancers cache it as long as clients may."""
    return conditional_reply(request, request.app.openapi(), {"Cache-Control": _KEPT})


def make_public(app: FastAPI, address: str) -> None:
    """Add what applies to all routes to the application's document.

    `address` is the base address of the balancers for clients, without a final slash.
    """
    plain = app.openapi
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_with_common_parts(plain(), _examples(app), address))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def _examples(app: FastAPI) -> dict[str, Any]:
    """Examples by model name, to which `reply_docs` refers."""
    models = [
        field.field_info.annotation
        for route in app.routes
        if isinstance(route, APIRoute)
        for field in route.response_fields.values()
    ]
    return {model.__name__: {"value": example_of(model)} for model in models if model is not None}


def _with_common_parts(
    document: dict[str, Any], examples: dict[str, Any], address: str
) -> dict[str, Any]:
    document["tags"] = _TAGS
    document["servers"] = [{"url": address, "description": "This installation."}]
    components = document["components"]
    components["headers"] = {
        "RequestId": _REQUEST_ID,
        **{
            name: {"description": said, "schema": {"type": "string"}}
            for name, said in _LIMIT_HEADERS.values()
        },
    }
    components["examples"] = examples
    for address_of, path in document["paths"].items():
        for method, operation in path.items():
            _drop_the_frameworks_422(operation["responses"])
            if is_refused_in_maintenance(method.upper(), address_of):
                add_problem(operation["responses"], "503", UNDER_MAINTENANCE)
            _name_common_headers(operation["responses"])
            operation["responses"] = dict(sorted(operation["responses"].items()))
    for schema in _FRAMEWORKS_SCHEMAS:
        components["schemas"].pop(schema, None)
    explain_fields(components["schemas"])
    leave_defaults_out(components["schemas"])
    spell_nulls(document)
    spell_maps(document)
    return document


def _drop_the_frameworks_422(responses: dict[str, Any]) -> None:
    # The framework adds it to every route with a parameter, in a shape that no reply has. Routes
    # that can reply with 422 say so themselves.
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]


def _name_common_headers(responses: dict[str, Any]) -> None:
    common = {"X-Request-ID": "RequestId"}
    common |= {header: name for header, (name, _said) in _LIMIT_HEADERS.items()}
    references = {
        header: {"$ref": f"#/components/headers/{name}"} for header, name in common.items()
    }
    for reply in responses.values():
        reply["headers"] = {**reply.get("headers", {}), **references}
