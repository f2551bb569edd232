"""Serves one application over TLS, and drains before it stops so that no request is lost."""

import gc
import socket
import sys
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State

from shared.http_server import metrics
from shared.http_server.exposition import build_info
from shared.http_server.joined_writes import JoiningProtocol
from shared.http_server.own_certificate import OwnCertificate
from shared.http_server.processors import show_processors
from shared.http_server.readiness import Readiness
from shared.live_values import LiveFile
from shared.logs import configure_logging, get_logger
from shared.settings import ProcessSettings
from shared.tracing.starting import start_tracing

log = get_logger()

# Longer than any caller keeps an idle connection (30 s). So the server never closes a connection
# on which a request is on its way.
KEEP_ALIVE_S = 75
# After draining, requests under way get the longest default deadline (10 s) and a margin.
FINISH_S = 12
BACKLOG = 2048
# uvicorn's sleep between two ticks.
TICK_S = 0.1
# A renewed certificate is taken up within two seconds.
TICKS_BETWEEN_LOOKS = 20
# Live values count within about a second.
TICKS_BETWEEN_VALUES = 10


def serve(app: FastAPI, settings: ProcessSettings) -> None:
    """Serve until SIGTERM, drain for `drain_seconds`, finish requests under way, then return.

    Exits with status 1 if the address is taken.
    """
    configure_logging(settings.instance, settings.log_level)
    build_info.labels(settings.version, settings.revision).set(1)
    # Read at each scrape, because a group may change while the process runs.
    show_processors()
    door = _claim_address(settings)
    certificate = OwnCertificate(settings.tls_cert_file, settings.tls_key_file)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        ssl_context_factory=certificate.attach,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_S,
        # Without this a request may inherit the deadline of the previous one on its connection.
        reset_contextvars=True,
    )
    server = DrainingServer(config, app.state, settings.drain_seconds, certificate)
    spans = start_tracing(settings, app.state.name)
    _freeze_memory()
    log.info("starting", address=settings.listen_host, port=settings.listen_port)
    server.run(sockets=[door])
    if spans is not None:
        spans.close()
    log.info("stopped")


class DrainingServer(uvicorn.Server):
    """Drains for `drain_seconds` after the first signal, then stops; a second ends the draining."""

    def __init__(
        self,
        config: uvicorn.Config,
        state: State,
        drain_seconds: float,
        certificate: OwnCertificate,
    ) -> None:
        super().__init__(config)
        self._readiness: Readiness = state.readiness
        self._live: LiveFile = state.live
        self._certificate = certificate
        self._drain_seconds = drain_seconds
        self._stop_at_s: float | None = None
        self._ticked_at_s: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Start draining; uvicorn's own handler would stop at once and exit by the signal."""
        if self._stop_at_s is None:
            self._stop_at_s = time.monotonic() + self._drain_seconds
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Measure the loop's lag, renew certificate and live values, start or end the draining.

        Runs ten times a second.
        """
        now_s = time.monotonic()
        if self._ticked_at_s is not None:
            lag_s = now_s - self._ticked_at_s - TICK_S
            metrics.event_loop_lag_seconds.observe(max(lag_s, 0.0))
        self._ticked_at_s = now_s
        if counter % TICKS_BETWEEN_LOOKS == 0:
            self._certificate.take_up()
        if counter % TICKS_BETWEEN_VALUES == 0:
            self._live.look()
        if self._stop_at_s is not None:
            if self._readiness.state != "draining":
                log.info("draining", seconds=self._drain_seconds)
                self._readiness.mark_draining()
                self._take_no_more()
            self.should_exit = self.should_exit or time.monotonic() >= self._stop_at_s
        return await super().on_tick(counter)

    def _take_no_more(self) -> None:
        # A refused connection sends callers to another replica at once. Accepting one request per
        # connection would cost more for handshakes than for requests. Open connections end with
        # their next reply, or when their caller closes them.
        for listener in self.servers:
            listener.close()


def _freeze_memory() -> None:
    # Imported objects live as long as the process; later collections are shorter without them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def _claim_address(settings: ProcessSettings) -> socket.socket:
    # Binding finds a taken address early. Listening waits until all resources are open: until
    # then connections are refused, and a balancer tries another replica without waiting.
    where = (settings.listen_host, settings.listen_port)
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(where)
    except OSError as error:
        sys.stderr.write(
            f"{settings.instance} cannot listen on {where[0]}:{where[1]}: {error.strerror}.\n"
        )
        raise SystemExit(1) from error
    return door
