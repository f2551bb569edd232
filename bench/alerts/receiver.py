"""Takes Alertmanager's notifications, and remembers when each alert began and ended."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Told:
    """The monotonic times at which each alert was told, by its name.

    While `accepts_only` names an alert, notifications of all others are refused.
    """

    firing: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    resolved: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    severities: dict[str, str] = field(default_factory=dict)
    accepts_only: str = ""

    def first_firing(self, name: str, after_s: float) -> float | None:
        """Return when the alert was first told after a moment."""
        return next((at for at in self.firing.get(name, ()) if at >= after_s), None)

    def first_resolved(self, name: str, after_s: float) -> float | None:
        """Return when its end was first told after a moment."""
        return next((at for at in self.resolved.get(name, ()) if at >= after_s), None)

    def note(self, alert: dict[str, Any]) -> None:
        """Take an alert of a notification."""
        name = alert["labels"]["alertname"]
        self.severities[name] = alert["labels"]["severity"]
        times = self.firing if alert["status"] == "firing" else self.resolved
        times[name].append(time.monotonic())


@contextmanager
def receiver(address: str) -> Iterator[tuple[str, Told]]:
    """Listen at an address of this machine; yields the URL, and what was told."""
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            alerts = json.loads(self.rfile.read(length))["alerts"]
            names = {alert["labels"]["alertname"] for alert in alerts}
            refused = told.accepts_only and told.accepts_only not in names
            for alert in [] if refused else alerts:
                told.note(alert)
            self.send_response(500 if refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer((address, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()
