"""Operators' sessions, and the check of their password."""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from prometheus_client import Counter

from shared.errors import Forbidden

SESSION_S = 12 * 3600.0
COOKIE = "retrato_ops"
_SESSIONS_MAX = 64
# 128 random bits in hexadecimal digits; `make up` makes twice as many.
PASSWORD_CHARACTERS_MIN = 32

Clock = Callable[[], float]

SIGN_INS = Counter(
    "retrato_ops_sign_ins_total", "Attempts to sign in to the operators' page.", ["outcome"]
)


class WrongOperatorPassword(Forbidden):
    """The password is not the operators'."""

    code = "wrong_operator_password"
    title = "This is not the operators' password."


class Sessions:
    """Sessions by the digest of their token; they end after half a day or with the process."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    def open(self) -> str:
        """Return the token of a new session; the oldest one ends if there are too many."""
        token = secrets.token_urlsafe(32)
        self._ends[_digest(token)] = self._clock() + SESSION_S
        while len(self._ends) > _SESSIONS_MAX:
            self._ends.popitem(last=False)
        return token

    def is_open(self, token: str) -> bool:
        """Whether the token is of a session that has not ended."""
        return self._ends.get(_digest(token), 0.0) > self._clock()

    def close(self, token: str) -> None:
        """End a session."""
        self._ends.pop(_digest(token), None)


class Guard:
    """The only check of the operators' password.

    Nothing bounds the guesses: with PASSWORD_CHARACTERS_MIN random characters they are hopeless,
    and whoever could use up a bound could keep the operators out.
    """

    def __init__(self, password: str, clock: Clock = time.monotonic) -> None:
        self._password = password.encode()
        self.sessions = Sessions(clock)

    def sign_in(self, password: str) -> str:
        """Return the token of a new session; raises WrongOperatorPassword."""
        if not hmac.compare_digest(password.encode(), self._password):
            SIGN_INS.labels("wrong").inc()
            raise WrongOperatorPassword
        SIGN_INS.labels("ok").inc()
        return self.sessions.open()


def comes_from_another_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent this POST from a page that is not ours.

    Every browser names the origin of a POST. A program without one has no cookie to misuse.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] != headers.get("host", "")
    return headers.get("sec-fetch-site", "same-origin") != "same-origin"


def is_over_tls(headers: Mapping[str, str]) -> bool:
    """Whether the browser that sent this POST speaks TLS, to us or to a proxy in front.

    The balancer knows only its own side, and behind a proxy that may be without TLS.
    """
    origin = headers.get("origin", "")
    return origin.startswith("https://") or headers.get("x-forwarded-proto") == "https"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
