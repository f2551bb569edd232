"""Assembles the application of a service: routes, middleware and OpenAPI document."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
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
from shared.http_server.operator_gate import OperatorGate
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
from shared.http_server.trace_keeping import TraceKeeping
from shared.http_server.work_queue import WorkQueue
from shared.live_values import LiveFile, LiveValues
from shared.network.internal_tokens import TokenVerifier
from shared.settings import ProcessSettings, revealed
from shared.version import version_text

Gate = Callable[[ASGIApp], ASGIApp]
OpenResources = Callable[[], AbstractAsyncContextManager[Any]]
# A route accepts larger bodies with `max_body_size=`.
BODY_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AppInfo:
    """Describes an application to `create_app`.

    `audience` is the audience of internal tokens for the service. The gateway has None: it serves
    the public and checks access tokens itself. Paths under `open_prefixes` need no token. Pages of
    `origins` may call the service from a browser. `find_obstacle` can keep it from being ready.
    `front` is middleware around all others but the probes, so it sees every reply.
    Without `public_documents`, only operators see the documents.
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
    front: Gate | None = None
    public_documents: bool = False


def create_app(
    info: AppInfo,
    settings: ProcessSettings,
    open_resources: OpenResources,
    routers: Sequence[APIRouter],
    gate: Gate | None = None,
) -> FastAPI:
    """Make the application; `request.app.state.resources` holds what `open_resources` yields.

    `gate` is the service's own middleware in the place of the token check.
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
        # Our metrics and access lines cover this; even checking whether it is on costs time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=_lifespan(open_resources, readiness, info.find_obstacle),
    )
    app.state.name = info.name
    app.state.readiness = readiness
    rules = QueueRules(settings.at_work_max, settings.wait_ms_max / 1000)
    app.state.work_queue = WorkQueue(rules)
    app.state.live = LiveFile(settings.live_file)
    app.state.live.follow(partial(_resize, app.state.work_queue, info.name, rules.at_work_max))
    _add_routes(app, routers)
    install_problem_handlers(app)
    install_docs_page(app, is_read_only=info.audience is not None)
    _surround(app, info, settings, gate)
    app.openapi = lambda: _document(app, info)  # type: ignore[method-assign]
    return app


def _resize(queue: WorkQueue, name: str, at_work_max: int, values: LiveValues) -> None:
    queue.resize(values.at_work_max.get(name, at_work_max))


def _add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    # Not `include_router`, which builds each route again at the first request, and matches every
    # request twice.
    for router in routers:
        app.router.routes.extend(router.routes)


def _operation_id(route: APIRoute) -> str:
    """Return a name for generated clients, such as `posts_like`."""
    words = [str(tag) for tag in route.tags[:1]] + [route.name]
    return "_".join(words).lower().replace(" ", "_")


def _lifespan(
    open_resources: OpenResources, readiness: Readiness, find_obstacle: FindObstacle | None
) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources() as resources:
            app.state.resources = resources
            find = find_obstacle
            if not app.state.live.is_known:
                find = partial(_find_first, app.state.live, find_obstacle)
            async with ready_without(find, resources, readiness):
                yield

    return lifespan


async def _find_first(live: LiveFile, find: FindObstacle | None, resources: Any) -> str:
    """Return the obstacle of a process that does not know yet what is switched."""
    live.look()
    if live.obstacle or find is None:
        return live.obstacle
    return await find(resources)


def _surround(app: FastAPI, info: AppInfo, settings: ProcessSettings, gate: Gate | None) -> None:
    # Innermost first: each middleware wraps those added before it.
    app.add_middleware(BodyLimit, bytes_max=BODY_BYTES_MAX)
    if gate is not None:
        app.add_middleware(gate)
    if info.audience is not None:
        app.add_middleware(TraceKeeping)
        key = settings.internal_keys[info.audience].get_secret_value()
        others = revealed(settings.internal_key_others)
        verifier = TokenVerifier(key=key, audience=info.audience, others=others)
        app.add_middleware(TokenGate, verifier=verifier, open_prefixes=info.open_prefixes)
    app.add_middleware(Admission, queue=app.state.work_queue, ask_of=info.ask_of)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(Methods, routes=app.router.routes, origins=info.origins)
    app.add_middleware(
        RequestContext,
        deadlines=info.deadlines,
        trusts_caller=info.audience is not None,
        ask_of=info.ask_of,
    )
    if info.front is not None:
        app.add_middleware(info.front)
    tokens = revealed(settings.operator_token_others)
    if settings.operator_token is not None:
        tokens = (settings.operator_token.get_secret_value(), *tokens)
    app.add_middleware(OperatorGate, tokens=tokens, public_documents=info.public_documents)
    version = version_text(settings.version, settings.revision)
    app.add_middleware(Probes, readiness=app.state.readiness, version=version)


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
    # FastAPI documents its own 422 shape at every route with parameters, but we reply with
    # problems. The public document lists its problems itself, so it needs no replacement here.
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
        else "A token that another service signed for this one; valid for at most 30 s."
    )
    return {"type": "http", "scheme": "bearer", "description": said}
