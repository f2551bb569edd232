"""Reply shapes are built only when a document is made."""

from fastapi import APIRouter, FastAPI, Response
from typing_extensions import TypedDict

from shared.http_server.reply_shapes import SHAPE, describe_shapes


class Greeting(TypedDict):
    text: str


def _router() -> APIRouter:
    router = APIRouter()

    @router.get("/greeting", responses={200: {SHAPE: Greeting, "description": "A greeting."}})
    async def get_greeting() -> Response:
        return Response()

    return router


def test_a_route_as_it_was_declared_has_no_shape_made() -> None:
    (route,) = _router().routes
    assert route.response_fields == {}  # type: ignore[attr-defined]


def test_a_document_holds_the_shape_however_often_it_is_described() -> None:
    app = FastAPI()
    app.router.routes.extend(_router().routes)
    describe_shapes(app.routes)
    describe_shapes(app.routes)
    document = app.openapi()
    reply = document["paths"]["/greeting"]["get"]["responses"]["200"]
    assert reply == {
        "description": "A greeting.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Greeting"}}},
    }
    assert document["components"]["schemas"]["Greeting"]["required"] == ["text"]
