"""Counts a request against the limits of its viewer, session and address."""

import time
from collections.abc import Mapping

from services.gateway.clients.session_checks import SessionChecks
from services.gateway.domain.limits import (
    Limit,
    Limits,
    Partition,
    RateLimitState,
    rate_limit_headers,
)
from services.gateway.domain.route_classes import RouteClass
from services.gateway.store.limit_counters import LimitCounters
from shared.errors import TooManyRequests


class RateLimitCheck:
    """The rate limit check of one request."""

    def __init__(self, limits: Limits, route_class: RouteClass, counters: LimitCounters) -> None:
        self._limits = limits
        self._class = route_class
        self._counters = counters
        self._is_viewer_counted = False
        self._tightest: RateLimitState | None = None

    async def begin(self, sessions: SessionChecks, token: str | None, address: str) -> None:
        """Count the request for every known caller; raises TooManyRequests.

        A token never changes its user. A known token is therefore counted for its viewer at once,
        while users is asked in parallel whether it is still valid. An unknown token is sent to
        users only after its address has passed its limit.
        """
        callers = {Partition.ADDRESS: address}
        if token is not None:
            callers[Partition.SESSION] = token
            viewer_id = sessions.last_known_user(token)
            if viewer_id is not None:
                callers[Partition.VIEWER] = str(viewer_id)
                self._is_viewer_counted = True
                sessions.prefetch(token)
        await self._take(callers)

    async def count_viewer(self, viewer_id: int) -> None:
        """Count the request for the viewer, unless `begin` has; raises TooManyRequests."""
        if not self._is_viewer_counted:
            self._is_viewer_counted = True
            await self._take({Partition.VIEWER: str(viewer_id)})

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The rate limit headers of the reply; empty if no limit applies."""
        if self._tightest is None:
            return []
        return rate_limit_headers(self._tightest, self._limits.policy(self._class), time.time())

    async def _take(self, callers: Mapping[Partition, str]) -> None:
        counted: dict[Limit, str] = {}
        for partition, who in callers.items():
            limit = self._limits.find(self._class, partition)
            if limit is not None:
                counted[limit] = who
        if not counted:
            return
        states = await self._counters.take(counted)
        tightest = min(states, key=lambda state: state.share_left)
        if self._tightest is None or tightest.share_left < self._tightest.share_left:
            self._tightest = tightest
        if tightest.is_refused:
            raise TooManyRequests(
                f"At most {tightest.limit.quota} {tightest.limit.route_class} requests in"
                f" {tightest.limit.window_s} s for each {tightest.limit.partition}.",
                retry_after_s=max(tightest.reset_s, 1),
            )
