"""The process of the operators' page: `python -m shared.launch infra.ops.app`."""

from functools import partial

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from infra.ops import mail_routes
from infra.ops.gate import SessionGate
from infra.ops.resources import open_resources
from infra.ops.routes import PAGE_FOLDER, router
from infra.ops.settings import OpsSettings
from infra.ops.sign_in import Guard
from shared.http_server.request_context import Deadlines
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, create_app
from shared.settings import read_settings

# Prometheus may take seconds for a week, and the forecast asks it for weeks.
_READ_MS = 15_000
INFO = AppInfo(
    name="ops",
    title="The operators' page",
    description="Shows what the suite does now: in words, as a map, and as plots.",
    audience=None,
    deadlines=Deadlines(read_ms=_READ_MS),
)


def main() -> None:
    """Serve until SIGTERM."""
    settings = read_settings(OpsSettings)
    # Nobody looks for it in DNS.
    serve(create_ops_app(settings), settings.model_copy(update={"drain_seconds": 0.0}))


def create_ops_app(settings: OpsSettings) -> FastAPI:
    """Make the application that `main` serves."""
    guard = Guard(settings.password.get_secret_value())
    app = create_app(
        INFO,
        settings,
        partial(open_resources, settings, guard),
        routers=[router, mail_routes.router],
        gate=partial(SessionGate, sessions=guard.sessions),
    )
    app.mount("/ops/files", StaticFiles(directory=PAGE_FOLDER / "files"))
    return app


if __name__ == "__main__":
    main()
