"""The guard turns Redis errors into RedisAway, and pauses after a lost connection."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from shared.caching.redis_guard import RedisAway, RedisGuard
from shared.errors import Unavailable


def _fail(guard: RedisGuard, error: Exception) -> None:
    with guard.calls():
        raise error


def test_every_error_of_the_client_becomes_one_that_callers_know() -> None:
    for error in (RedisConnectionError("gone"), ResponseError("LOADING"), OSError("no route")):
        with pytest.raises(RedisAway) as fault:
            _fail(RedisGuard(), error)
        assert isinstance(fault.value, Unavailable)
        assert fault.value.__cause__ is error


def test_after_a_lost_connection_nothing_is_tried_for_a_moment() -> None:
    guard = RedisGuard(pause_s=60)
    with pytest.raises(RedisAway):
        _fail(guard, RedisConnectionError("gone"))
    tried = False
    with pytest.raises(RedisAway), guard.calls():
        tried = True
    assert not tried


def test_after_the_moment_it_is_tried_again() -> None:
    guard = RedisGuard(pause_s=0)
    with pytest.raises(RedisAway):
        _fail(guard, RedisConnectionError("gone"))
    with guard.calls():
        pass


def test_an_answer_that_is_an_error_stops_nobody_else() -> None:
    guard = RedisGuard(pause_s=60)
    with pytest.raises(RedisAway):
        _fail(guard, ResponseError("out of memory"))
    with guard.calls():
        pass


def test_our_own_mistakes_are_not_taken_for_its() -> None:
    with pytest.raises(ZeroDivisionError):
        _fail(RedisGuard(), ZeroDivisionError())
