"""Operators' sessions, and the bound on guesses of their password."""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network

from prometheus_client import Counter

from shared.errors import AppError, Forbidden

SESSION_S = 12 * 3600.0
COOKIE = "retrato_ops"
_SESSIONS_MAX = 64
# The same bounds as strangers have at an account of the product.
FAILURES_MAX = 10
FAILURES_OF_ALL_MAX = 100
_WINDOW_S = 3600.0
_ADDRESSES_MAX = 4096
_NETWORK_BITS_V6 = 64

Clock = Callable[[], float]

SIGN_INS = Counter(
    "retrato_ops_sign_ins_total", "Attempts to sign in to the operators' page.", ["outcome"]
)


class WrongOperatorPassword(Forbidden):
    """The password is not the operators'."""

    code = "wrong_operator_password"
    title = "This is not the operators' password."


class TooManyGuesses(AppError):
    """Somebody guessed too often within an hour."""

    status = 429
    code = "too_many_guesses"
    title = "There were too many wrong passwords within an hour: try again later."


class Guesses:
    """Counts failures of each address and of all together, in a sliding hour.

    An address that has signed in before is known, and the failures of others do not stop it.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._of_all: deque[float] = deque(maxlen=FAILURES_OF_ALL_MAX)
        self._known: OrderedDict[str, None] = OrderedDict()

    def take(self, address: str) -> Callable[[], None]:
        """Count a guess as failed before it is verified; the result takes it back.

        Raises TooManyGuesses.
        """
        now_s = self._clock()
        network = _network_of(address)
        own = self._failures.setdefault(network, deque(maxlen=FAILURES_MAX))
        self._failures.move_to_end(network)
        if len(self._failures) > _ADDRESSES_MAX:
            self._failures.popitem(last=False)
        for failures in (own, self._of_all):
            while failures and failures[0] <= now_s - _WINDOW_S:
                failures.popleft()
        is_full = len(self._of_all) == FAILURES_OF_ALL_MAX and network not in self._known
        if len(own) == FAILURES_MAX or is_full:
            fullest = own if len(own) == FAILURES_MAX else self._of_all
            raise TooManyGuesses(retry_after_s=int(fullest[0] + _WINDOW_S - now_s) + 1)
        own.append(now_s)
        self._of_all.append(now_s)

        def take_back() -> None:
            own.clear()
            if now_s in self._of_all:
                self._of_all.remove(now_s)
            self._known[network] = None
            self._known.move_to_end(network)
            if len(self._known) > _ADDRESSES_MAX:
                self._known.popitem(last=False)

        return take_back


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
    """The only check of the operators' password."""

    def __init__(self, password: str, clock: Clock = time.monotonic) -> None:
        self._password = password.encode()
        self._guesses = Guesses(clock)
        self.sessions = Sessions(clock)

    def sign_in(self, password: str, address: str) -> str:
        """Return the token of a new session.

        Raises WrongOperatorPassword or TooManyGuesses.
        """
        try:
            take_back = self._guesses.take(address)
        except TooManyGuesses:
            SIGN_INS.labels("limited").inc()
            raise
        if not hmac.compare_digest(password.encode(), self._password):
            SIGN_INS.labels("wrong").inc()
            raise WrongOperatorPassword
        take_back()
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


def _network_of(address: str) -> str:
    """Return an IPv4 address, or the IPv6 network of one household."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ip_network((parsed, _NETWORK_BITS_V6), strict=False))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
