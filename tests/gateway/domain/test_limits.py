"""How limits are set, and how a caller learns of them."""

import pytest

from services.gateway.domain.limits import (
    Limit,
    Limits,
    LimitUnknown,
    Partition,
    RateLimitState,
    limits_as_set,
    rate_limit_headers,
)
from services.gateway.domain.route_classes import RouteClass

MINUTE = Limit(RouteClass.READS, Partition.VIEWER, 60, 60)


def test_every_class_is_limited_for_an_address() -> None:
    limits = Limits()
    assert all(limits.find(route_class, Partition.ADDRESS) for route_class in RouteClass)


def test_a_setting_replaces_one_limit_and_leaves_the_others() -> None:
    limits = limits_as_set({"reads-viewer": (5, 10)}, factor=1)
    changed = limits.find(RouteClass.READS, Partition.VIEWER)
    assert changed is not None
    assert (changed.quota, changed.window_s) == (5, 10)
    unchanged = Limits().find(RouteClass.READS, Partition.ADDRESS)
    assert limits.find(RouteClass.READS, Partition.ADDRESS) == unchanged


def test_a_factor_multiplies_every_limit() -> None:
    usual, loose = Limits(), limits_as_set({}, factor=1000)
    for route_class in RouteClass:
        one, many = (some.find(route_class, Partition.ADDRESS) for some in (usual, loose))
        assert one is not None
        assert many is not None
        assert many.quota == one.quota * 1000


def test_an_unknown_limit_cannot_be_set() -> None:
    with pytest.raises(LimitUnknown, match="readings-viewer"):
        limits_as_set({"readings-viewer": (1, 1)}, factor=1)


def test_the_headers_are_those_of_the_draft_and_the_older_ones() -> None:
    state = RateLimitState(MINUTE, left_us=40_000_000)
    headers = dict(rate_limit_headers(state, Limits([MINUTE]).policy(RouteClass.READS), 1000.0))
    assert headers == {
        b"ratelimit-policy": b'"reads-viewer";q=60;w=60',
        b"ratelimit": b'"reads-viewer";r=40;t=20',
        b"x-ratelimit-limit": b"60",
        b"x-ratelimit-remaining": b"40",
        b"x-ratelimit-reset": b"1020",
    }


def test_a_refusal_tells_when_the_next_request_is_allowed() -> None:
    state = RateLimitState(MINUTE, left_us=-2_500_000)
    assert state.is_refused
    assert (state.remaining, state.reset_s) == (0, 3)
