"""Runs one application in one process: TLS, a port of its own, and an end that loses no request."""

import gc
import socket
import sys
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.http_server import metrics
from shared.http_server.joined_writes import JoiningProtocol
from shared.http_server.readiness import Readiness
from shared.logs import configure_logging, get_logger
from shared.settings import ProcessSettings

log = get_logger()

# Longer than any caller keeps an idle connection (30 s): the server is never the one who closes it
# while a request is on its way.
KEEP_ALIVE_S = 75
# After draining, requests under way get the longest deadline there is (10 s), and a little.
FINISH_S = 12
BACKLOG = 2048
# How long the server sleeps between two ticks.
TICK_S = 0.1


def serve(app: FastAPI, settings: ProcessSettings) -> None:
    """Serve until SIGTERM; then drain for `drain_seconds`, finish what is under way, and return."""
    configure_logging(settings.instance, settings.log_level)
    door = _claim_address(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_S,
        # Without it a request may inherit the deadline of the one before on its connection.
        reset_contextvars=True,
    )
    server = DrainingServer(config, app.state.readiness, settings.drain_seconds)
    _freeze_memory()
    log.info("starting", address=settings.listen_host, port=settings.listen_port)
    server.run(sockets=[door])
    log.info("stopped")


class DrainingServer(uvicorn.Server):
    """On the first signal says "draining" for a while, so that nobody comes; then stops."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._stop_at_s: float | None = None
        self._ticked_at_s: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Overrides uvicorn's, which would stop at once and end by the signal instead of with 0."""
        if self._stop_at_s is None:
            self._stop_at_s = time.monotonic() + self._drain_seconds
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Runs ten times a second."""
        now_s = time.monotonic()
        if self._ticked_at_s is not None:
            lag_s = now_s - self._ticked_at_s - TICK_S
            metrics.event_loop_lag_seconds.observe(max(lag_s, 0.0))
        self._ticked_at_s = now_s
        if self._stop_at_s is not None:
            if self._readiness.state != "draining":
                log.info("draining", seconds=self._drain_seconds)
                self._readiness.mark_draining()
                self._take_no_more()
            self.should_exit = self.should_exit or time.monotonic() >= self._stop_at_s
        return await super().on_tick(counter)

    def _take_no_more(self) -> None:
        # Callers go elsewhere at once where a connection is refused. If it were accepted for one
        # request each, the handshakes would cost more than the requests. Kept connections end with
        # their next reply, or when their caller lets them go.
        for listener in self.servers:
            listener.close()


def _freeze_memory() -> None:
    # What was imported stays for good: left out of every later collection, those stay short.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def _claim_address(settings: ProcessSettings) -> socket.socket:
    # That it is taken is found out here. Connections are refused until the server listens, with all
    # resources open: a balancer then goes elsewhere at once, and would wait for who accepts.
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
