"""The pipe fails at once while Redis is unreachable, and reconnects by itself."""

import asyncio
import signal
from collections.abc import AsyncIterator
from functools import partial

import pytest

from shared.caching.redis_pipe import PipeDown, RedisPipe, Subscription
from shared.tracing.frames import Frame, current_frame
from tests.eventually import eventually
from tests.shared.caching.redis_process import NAME, PORT, URL, RedisProcess, network_of


@pytest.fixture
async def pipe(server: RedisProcess) -> AsyncIterator[RedisPipe]:
    opened = RedisPipe(URL, network_of(server))
    await opened.open()
    await eventually(lambda: answers(opened))
    yield opened
    await opened.close()


async def test_the_database_of_the_url_is_the_one_that_is_read(server: RedisProcess) -> None:
    first = RedisPipe(URL, network_of(server))
    other = RedisPipe(URL.removesuffix("/0") + "/3", network_of(server))
    for one in (first, other):
        await one.open()
        await eventually(partial(answers, one))
    await other.ask("SET", "whose", "of database 3")
    assert await first.ask("GET", "whose") is None
    assert await other.ask("GET", "whose") == b"of database 3"
    await first.close()
    await other.close()


class Ear:
    """Subscribes to a channel, and catches up with a list on each connection."""

    def __init__(
        self, pipe: RedisPipe, newspaper: str = "newspaper", channel: str = "news"
    ) -> None:
        self.messages: list[bytes] = []
        self.caught_up: list[list[bytes]] = []
        pipe.listen(
            Subscription(
                channel=channel,
                catch_up=("LRANGE", newspaper, 0, -1),
                on_caught_up=self.caught_up.append,
                on_message=self.messages.append,
            )
        )


async def answers(pipe: RedisPipe) -> None:
    try:
        assert await pipe.ask("PING") == b"PONG"
    except PipeDown as error:
        raise AssertionError from error


async def is_down(pipe: RedisPipe) -> None:
    with pytest.raises(PipeDown):
        await pipe.ask("PING")


async def test_replies_come_in_the_order_of_asking(pipe: RedisPipe) -> None:
    numbers = [str(number).encode() for number in range(500)]
    assert await pipe.ask_all([("ECHO", number) for number in numbers]) == numbers


async def test_a_trace_notes_names_and_holds_no_keys_and_values(pipe: RedisPipe) -> None:
    frame = Frame("f" * 32, 0, is_sampled=True, is_server=True)
    current_frame.set(frame)
    await pipe.ask("SET", "a key", "a value")
    await pipe.ask_all([("GET", "a key")] * 500 + [("MGET", "a key", "another")])
    assert [note[2] for note in frame.notes] == ["SET", ("GET", "MGET")]


async def test_one_who_went_away_shifts_no_reply(pipe: RedisPipe) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await pipe.ask("ECHO", "gone")
    assert await pipe.ask("ECHO", "here") == b"here"


async def test_an_unknown_script_makes_it_connect_anew(pipe: RedisPipe) -> None:
    with pytest.raises(PipeDown):
        await pipe.ask("EVALSHA", "0" * 40, 0)
    await eventually(lambda: answers(pipe))


async def test_a_restarted_redis_is_found_again(pipe: RedisPipe, server: RedisProcess) -> None:
    server.end()
    await eventually(lambda: is_down(pipe))
    server.start()
    await eventually(lambda: answers(pipe))


async def test_a_silent_redis_is_given_up_by_all_who_wait(
    pipe: RedisPipe, server: RedisProcess
) -> None:
    server.signal(signal.SIGSTOP)
    try:
        waiting = [pipe.ask("PING") for _ in range(20)]
        replies = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(reply, PipeDown) for reply in replies)
    finally:
        server.signal(signal.SIGCONT)
    await eventually(lambda: answers(pipe))


async def test_what_was_published_before_a_command_is_heard_before_its_reply(
    pipe: RedisPipe,
) -> None:
    ear = Ear(pipe)
    for number in range(200):
        replies = await pipe.ask_all([("PUBLISH", "news", number), ("ECHO", number)])
        assert replies == [1, str(number).encode()]
        assert len(ear.messages) == number + 1


async def test_who_listens_has_caught_up_before_the_next_reply(pipe: RedisPipe) -> None:
    await pipe.ask("RPUSH", "yesterday", "old")
    ear = Ear(pipe, "yesterday")
    before = pipe.has_caught_up
    await pipe.ask("PING")
    assert (before, pipe.has_caught_up) == (False, True)
    assert ear.caught_up == [[b"old"]]


async def test_who_listens_catches_up_on_each_new_connection(
    pipe: RedisPipe, server: RedisProcess
) -> None:
    ear = Ear(pipe)
    await pipe.ask("PING")
    server.end()
    await eventually(lambda: is_down(pipe))
    assert not pipe.has_caught_up
    server.start()
    await eventually(lambda: answers(pipe))
    assert ear.caught_up == [[], []]
    assert await pipe.ask("PUBLISH", "news", "fresh") == 1
    assert ear.messages == [b"fresh"]


async def test_each_of_two_channels_is_heard_by_its_own_ear_on_each_connection(
    pipe: RedisPipe, server: RedisProcess
) -> None:
    ears = [Ear(pipe, channel=channel) for channel in ("news", "weather")]
    server.end()
    await eventually(lambda: is_down(pipe))
    server.start()
    await eventually(lambda: answers(pipe))
    assert pipe.has_caught_up
    await pipe.ask_all([("PUBLISH", "news", "n"), ("PUBLISH", "weather", "w")])
    assert [ear.messages for ear in ears] == [[b"n"], [b"w"]]


async def test_a_wrong_password_is_like_a_redis_that_is_away(server: RedisProcess) -> None:
    stranger = RedisPipe(f"rediss://users:wrong@{NAME}:{PORT}/0", network_of(server))
    await stranger.open()
    await is_down(stranger)
    await stranger.close()
