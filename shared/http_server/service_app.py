"""Puts the application of a service together: its routes, and what surrounds every request."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan

from shared.http_server.admission import Admission, AskOf, lasting
from shared.http_server.body_limit import BodyLimit
from shared.http_server.docs_page import install_docs_page
from shared.http_server.methods import Methods
from shared.http_server.obstacles import FindObstacle, ready_without
from shared.http_server.probes import Probes
from shared.http_server.problems import (
    Problem,
    UnexpectedErrors,
    install_problem_handlers,
    problem_replies,
)
from shared.http_server.queue_rules import QueueRules
from shared.http_server.readiness import Readiness
from shared.http_server.reply_shapes import describe_shapes
from shared.http_server.request_context import Deadlines, RequestContext
from shared.http_server.token_gate import TokenGate
from shared.http_server.work_queue import WorkQueue
from shared.network.internal_tokens import TokenVerifier
from shared.settings import ProcessSettings

Gate = Callable[[ASGIApp], ASGIApp]
OpenResources = Callable[[], AbstractAsyncContextManager[Any]]
# A route that takes more says so with `max_body_size=`.
BODY_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AppInfo:
    """What an application is.

    `audience` is the name under which internal tokens are addressed to it; None for the gateway,
    which answers the world and has a check of its own. Paths under `open_prefixes` need no token.
    Pages of `origins` may use it from a browser. It is not ready while `find_obstacle` names one.
    """

    name: str
    title: str
    description: str
    audience: str | None
    open_prefixes: tuple[str, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)
    ask_of: AskOf = field(default_factory=lasting)
    origins: tuple[str, ...] = ()
    find_obstacle: FindObstacle | None = None


def create_app(
    info: AppInfo,
    settings: ProcessSettings,
    open_resources: OpenResources,
    routers: Sequence[APIRouter],
    gate: Gate | None = None,
) -> FastAPI:
    """The application; routes find what `open_resources` gave at `request.app.state.resources`.

    `gate` is a middleware of the service's own, where the token's check stands in the others.
    """
    readiness = Readiness()
    app = FastAPI(
        title=info.title,
        description=info.description,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Our own metrics and lines say the same; asking it whether it is on costs 4 µs a request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=_lifespan(open_resources, readiness, info.find_obstacle),
    )
    app.state.readiness = readiness
    rules = QueueRules(settings.at_work_max, settings.wait_ms_max / 1000)
    app.state.work_queue = WorkQueue(rules)
    _add_routes(app, routers)
    install_problem_handlers(app)
    install_docs_page(app, is_read_only=info.audience is not None)
    _surround(app, info, settings, gate)
    app.openapi = lambda: _document(app, info)  # type: ignore[method-assign]
    return app


def _add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    # Taken over as they are: an included router has each of its routes built a second time, at the
    # first request to it, and matches every request twice.
    for router in routers:
        app.router.routes.extend(router.routes)


def _operation_id(route: APIRoute) -> str:
    """Such as `posts_like`: what generated clients call it."""
    words = [str(tag) for tag in route.tags[:1]] + [route.name]
    return "_".join(words).lower().replace(" ", "_")


def _lifespan(
    open_resources: OpenResources, readiness: Readiness, find_obstacle: FindObstacle | None
) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources() as resources:
            app.state.resources = resources
            async with ready_without(find_obstacle, resources, readiness):
                yield

    return lifespan


def _surround(app: FastAPI, info: AppInfo, settings: ProcessSettings, gate: Gate | None) -> None:
    # Innermost first: each one added stands around those before it.
    app.add_middleware(BodyLimit, bytes_max=BODY_BYTES_MAX)
    if gate is not None:
        app.add_middleware(gate)
    if info.audience is not None:
        key = settings.internal_keys[info.audience].get_secret_value()
        verifier = TokenVerifier(key=key, audience=info.audience)
        app.add_middleware(TokenGate, verifier=verifier, open_prefixes=info.open_prefixes)
    app.add_middleware(Admission, queue=app.state.work_queue, ask_of=info.ask_of)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(Methods, routes=app.router.routes, origins=info.origins)
    app.add_middleware(
        RequestContext, deadlines=info.deadlines, trusts_caller=info.audience is not None
    )
    app.add_middleware(Probes, readiness=app.state.readiness)


def _document(app: FastAPI, info: AppInfo) -> dict[str, Any]:
    if app.openapi_schema is None:
        _describe(app.routes)
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(_problem_schemas())
        components.setdefault("securitySchemes", {})["bearer"] = _security_scheme(info)
        document["security"] = [{"bearer": []}]
        if info.audience is not None:
            _spell_the_frameworks_422(document)
        app.openapi_schema = document
    return app.openapi_schema


def _describe(routes: list[BaseRoute]) -> None:
    for route in routes:
        if isinstance(route, APIRoute):
            route.operation_id = _operation_id(route)
    describe_shapes(routes)


def _spell_the_frameworks_422(document: dict[str, Any]) -> None:
    # It is put at every route with a parameter, in a shape that no reply of ours has. The public
    # document names its problems one by one, and leaves it out.
    for operations in document["paths"].values():
        for operation in operations.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"]["422"] = problem_replies(422)[422]
    for schema in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(schema, None)


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


def _security_scheme(info: AppInfo) -> dict[str, str]:
    said = (
        "The access token of a session."
        if info.audience is None
        else "A token of at most 30 s that another service signed for this one; made per call."
    )
    return {"type": "http", "scheme": "bearer", "description": said}
