"""Rate limits of callers per class of routes, and their state.

The rule is GCRA, the leaky bucket as a meter. A limit of 600 a minute is a bucket of 600 that
regains one request every 100 ms. Each bucket is stored as one time: when it will be full again.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from services.gateway.domain.route_classes import RouteClass


class Partition(StrEnum):
    """The unit by which requests are counted."""

    VIEWER = "viewer"  # a person on all their devices
    SESSION = "session"  # one device
    ADDRESS = "address"  # everybody behind one network address


class LimitUnknown(ValueError):
    """A setting names a limit that does not exist."""


@dataclass(frozen=True)
class Limit:
    """At most `quota` requests of a class in `window_s`, for each member of the partition."""

    route_class: RouteClass
    partition: Partition
    quota: int
    window_s: int

    @cached_property
    def name(self) -> str:
        """The name in headers, keys and settings, such as reads-viewer."""
        return f"{self.route_class}-{self.partition}"

    @cached_property
    def window_us(self) -> int:
        """The window in the unit of the buckets."""
        return self.window_s * 1_000_000

    @cached_property
    def interval_us(self) -> int:
        """The time after which one more request is allowed."""
        return max(self.window_us // self.quota, 1)


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """A caller's state under one limit; a negative `left_us` is the time to wait."""

    limit: Limit
    left_us: int

    @property
    def is_refused(self) -> bool:
        """Whether this limit refuses the request."""
        return self.left_us < 0

    @property
    def share_left(self) -> float:
        """The share of the window left, to compare limits of different sizes."""
        return self.left_us / self.limit.window_us

    @property
    def remaining(self) -> int:
        """How many requests could follow at once."""
        return max(self.left_us // self.limit.interval_us, 0)

    @property
    def reset_s(self) -> int:
        """Seconds until a refused request is allowed, or else until the bucket is full."""
        if self.is_refused:
            return math.ceil(-self.left_us / 1_000_000)
        return math.ceil((self.limit.window_us - self.left_us) / 1_000_000)


# Quick scrolling on a phone makes some 60 reads a minute; a person makes some 20 writes. For reads
# and writes one device gets less than its owner, so that another one still works. An address may
# stand for a house, a school or all phones of a mobile carrier's cell.
USUAL_LIMITS = (
    Limit(RouteClass.READS, Partition.VIEWER, 900, 60),
    Limit(RouteClass.READS, Partition.SESSION, 720, 60),
    Limit(RouteClass.READS, Partition.ADDRESS, 6_000, 60),
    Limit(RouteClass.WRITES, Partition.VIEWER, 240, 60),
    Limit(RouteClass.WRITES, Partition.SESSION, 180, 60),
    Limit(RouteClass.WRITES, Partition.ADDRESS, 1_800, 60),
    Limit(RouteClass.ENGAGEMENT, Partition.VIEWER, 120, 60),
    Limit(RouteClass.ENGAGEMENT, Partition.SESSION, 120, 60),
    Limit(RouteClass.ENGAGEMENT, Partition.ADDRESS, 1_800, 60),
    # A resumable upload of 20 MB takes some twenty requests, one per megabyte.
    Limit(RouteClass.UPLOADS, Partition.VIEWER, 1_800, 3_600),
    Limit(RouteClass.UPLOADS, Partition.SESSION, 1_800, 3_600),
    Limit(RouteClass.UPLOADS, Partition.ADDRESS, 12_000, 3_600),
    # Users limits password guesses besides, because it knows which account they are aimed at.
    Limit(RouteClass.SIGN_IN, Partition.ADDRESS, 60, 300),
)


class Limits:
    """The limits of every class."""

    def __init__(self, limits: Iterable[Limit] = USUAL_LIMITS) -> None:
        self._by_class: dict[RouteClass, dict[Partition, Limit]] = {
            route_class: {} for route_class in RouteClass
        }
        for limit in limits:
            self._by_class[limit.route_class][limit.partition] = limit
        self._policies = {
            route_class: ", ".join(
                f'"{limit.name}";q={limit.quota};w={limit.window_s}' for limit in limits.values()
            ).encode()
            for route_class, limits in self._by_class.items()
        }

    def find(self, route_class: RouteClass, partition: Partition) -> Limit | None:
        """The limit of a class for a partition; None if there is none."""
        return self._by_class[route_class].get(partition)

    def policy(self, route_class: RouteClass) -> bytes:
        """The value of RateLimit-Policy."""
        return self._policies[route_class]


def limits_as_set(changed: Mapping[str, tuple[int, int]], factor: float) -> Limits:
    """The usual limits, some replaced by (quota, window in seconds), all quotas times `factor`.

    Raises LimitUnknown.
    """
    unknown = changed.keys() - {limit.name for limit in USUAL_LIMITS}
    if unknown:
        raise LimitUnknown(f"There is no limit called {', '.join(sorted(unknown))}.")

    def as_set(limit: Limit) -> Limit:
        quota, window_s = changed.get(limit.name, (limit.quota, limit.window_s))
        return replace(limit, quota=max(int(quota * factor), 1), window_s=window_s)

    return Limits(as_set(limit) for limit in USUAL_LIMITS)


def rate_limit_headers(
    state: RateLimitState, policy: bytes, now_s: float
) -> list[tuple[bytes, bytes]]:
    """RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11), and older ones.

    `state` belongs to the limit with the smallest share left, which the draft wants reported.
    """
    limit, remaining, reset_s = state.limit, state.remaining, state.reset_s
    return [
        (b"ratelimit-policy", policy),
        (b"ratelimit", b'"%b";r=%d;t=%d' % (limit.name.encode(), remaining, reset_s)),
        (b"x-ratelimit-limit", b"%d" % limit.quota),
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % (int(now_s) + reset_s)),
    ]
