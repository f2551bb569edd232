"""ASGI middleware that sends each request through the process's limiter."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.deadlines import is_over
from shared.errors import DeadlineExceeded, Overloaded
from shared.http_server.problems import ProblemReply
from shared.http_server.queue_rules import LASTING_MAX
from shared.http_server.work_queue import LIMITER, WorkQueue
from shared.priority import Priority
from shared.refusals import overloaded

# Set in the ASGI scope of a refused request, whose access line is then left out.
REFUSED_KEY = "retrato.refused"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the limiter knows of a request; callers take turns with one another.

    A request that `lasts` mostly waits, for example for a slow body or for a photo's processing.
    It occupies no slot of the limiter, and has a bound of its own. A `stream` ends when its reader
    leaves, or waits for something to tell.
    """

    priority: Priority = Priority.NORMAL
    caller: str = ""
    lasts: bool = False
    stream: bool = False


AskOf = Callable[[Scope], Ask]


def lasting(*routes: str, stream: str = "") -> AskOf:
    """Return an AskOf for which these routes last, such as "POST /posts" or "GET /archives/*"."""
    whole = frozenset(route for route in routes if not route.endswith("*"))
    streams = Ask(lasts=True, stream=True)
    below = tuple(route[:-1] for route in routes if route.endswith("*"))
    lasts, works = Ask(lasts=True), Ask()

    def ask_of(scope: Scope) -> Ask:
        route = f"{scope['method']} {scope['path']}"
        if route == stream:
            return streams
        return lasts if route in whole or route.startswith(below) else works

    return ask_of


class Admission:
    """ASGI middleware; a request whose deadline passes in the queue never begins."""

    def __init__(
        self, app: ASGIApp, *, queue: WorkQueue, ask_of: AskOf, lasting_max: int = LASTING_MAX
    ) -> None:
        self.app = app
        self._queue = queue
        self._ask_of = ask_of
        self._lasting_max = lasting_max
        self._lasting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the request, make it wait, or refuse it with a 503 problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_over():
            raise DeadlineExceeded
        ask = self._ask_of(scope)
        try:
            began_s = None if ask.lasts else await self._queue.enter(ask.priority, ask.caller)
            if began_s is None:
                self._begin_to_last(ask)
        except Overloaded as error:
            scope[REFUSED_KEY] = True
            await ProblemReply(error)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if began_s is None:
                self._lasting -= 1
            else:
                self._queue.leave(began_s)

    def _begin_to_last(self, ask: Ask) -> None:
        self._queue.check(ask.priority, ask.caller)
        if self._lasting >= self._lasting_max:
            raise overloaded(LIMITER, "lasting")
        self._lasting += 1
