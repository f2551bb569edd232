"""Fakes of users, upload and feed, behind the gateway's real clients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from shared.errors import AppError, NotFound
from shared.http_server.problems import MEDIA_TYPE, problem_body

Answer = Any | AppError | Callable[[httpx.Request], Any]


@dataclass
class FakeService:
    """Gives a test's answers, 404 otherwise, and records its requests."""

    answers: dict[tuple[str, str], tuple[Answer, int]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def answer(self, method: str, path: str, answer: Answer, *, status: int = 200) -> None:
        """Set an answer: JSON data, an error to raise, or a function of the request."""
        self.answers[method, path] = (answer, status)

    def asked(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def body_of(self, path: str) -> Any:
        (request,) = self.asked(path)
        return orjson.loads(request.content)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer, status = self.answers.get((request.method, request.url.path), (NotFound(), 404))
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, AppError):
            return _problem(answer)
        if answer is None:
            return httpx.Response(204)
        return httpx.Response(status, json=answer)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def _problem(error: AppError) -> httpx.Response:
    headers: Mapping[str, str] = {"Content-Type": MEDIA_TYPE, **error.headers()}
    return httpx.Response(
        error.status, content=orjson.dumps(problem_body(error)), headers=dict(headers)
    )
