"""Advisories about Pillow as OSV publishes them, and a server that answers with them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar


def _record(name: str, alias: str, introduced: str, fixed: str, published: str) -> dict[str, Any]:
    return {
        "id": name,
        "aliases": [alias],
        "published": published,
        "modified": published,
        "details": "Pillow is a Python imaging library.",
        "affected": [
            {
                "package": {
                    "name": "pillow",
                    "ecosystem": "PyPI",
                    "purl": "pkg:pypi/pillow",
                },
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": introduced}, {"fixed": fixed}],
                    }
                ],
                "versions": ["11.2.1", "11.3.0", "12.0.0", "12.1.0", "12.1.1"],
            }
        ],
        "schema_version": "1.7.3",
    }


COORDINATES = _record(
    "PYSEC-2026-2251", "CVE-2026-42309", "11.2.1", "12.2.0", "2026-05-09T06:16:10.073Z"
)
FONTS = _record("PYSEC-2026-2253", "CVE-2026-54059", "0", "12.3.0", "2026-07-14T16:17:01Z")


class _Answers(BaseHTTPRequestHandler):
    about: ClassVar[dict[tuple[str, str], list[dict[str, Any]]]] = {
        ("pillow", "12.1.1"): [COORDINATES, FONTS],
    }

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.about.get((asked["package"]["name"], asked["version"]))
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def osv_server() -> Iterator[str]:
    """Yield the address of a service with the interface of OSV."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()
