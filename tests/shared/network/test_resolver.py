"""The resolver against a DNS server that changes its answers or stops answering."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from shared.network import resolver as module
from shared.network.resolver import NameUnknown, Resolver
from tests.eventually import eventually
from tests.shared.network.dns_server import DnsServer

HOST = "users.internal"
BOTH = ["127.20.3.1", "127.20.3.2"]


@dataclass
class Names:
    """A DNS server and a resolver that asks it."""

    server: DnsServer
    resolver: Resolver

    async def says(self, *addresses: str) -> None:
        """Wait until the resolver returns these addresses."""

        async def same() -> None:
            assert await self.resolver.addresses(HOST) == list(addresses)

        await eventually(same)


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    server = DnsServer()
    server.records[HOST] = list(BOTH)
    names = Names(server, Resolver([await server.start("127.22.0.53")]))
    yield names
    await names.resolver.close()
    server.stop()


async def test_a_name_has_all_its_addresses_in_a_fixed_order(names: Names) -> None:
    assert await names.resolver.addresses(HOST) == BOTH


async def test_an_answer_is_kept_for_its_ttl(names: Names) -> None:
    names.server.ttl = 60
    for _ in range(10):
        await names.resolver.addresses(HOST)
    assert names.server.queries == 1


async def test_many_askers_make_one_query(names: Names) -> None:
    await asyncio.gather(*(names.resolver.addresses(HOST) for _ in range(100)))
    assert names.server.queries == 1


async def test_a_replica_that_leaves_dns_is_gone_after_the_ttl(names: Names) -> None:
    await names.resolver.addresses(HOST)
    names.server.records[HOST] = BOTH[:1]
    await names.says(BOTH[0])


async def test_an_asker_that_gives_up_leaves_the_query_to_the_others(names: Names) -> None:
    impatient = asyncio.create_task(names.resolver.addresses(HOST))
    patient = asyncio.create_task(names.resolver.addresses(HOST))
    await eventually(lambda: None)
    impatient.cancel()
    assert await patient == BOTH


@pytest.mark.parametrize("fault", ["silent", "empty"])
async def test_the_last_answer_serves_while_dns_is_down(names: Names, fault: str) -> None:
    names.server.ttl = 0
    await names.resolver.addresses(HOST)
    if fault == "silent":
        names.server.is_silent = True
    else:
        names.server.records.clear()
    with capture_logs() as lines:

        async def stale() -> None:
            assert await names.resolver.addresses(HOST) == BOTH
            assert [line["event"] for line in lines] == ["dns_stale"]

        await eventually(stale)


async def test_a_silent_dns_does_not_hold_up_a_name_just_known(names: Names) -> None:
    names.server.ttl = 0
    await names.resolver.addresses(HOST)
    names.server.is_silent = True
    async with asyncio.timeout(0.2):
        assert await names.resolver.addresses(HOST) == BOTH


async def test_dns_that_is_back_is_heard_again(names: Names) -> None:
    names.server.ttl = 0
    await names.resolver.addresses(HOST)
    names.server.is_silent = True
    with capture_logs() as lines:

        async def stale() -> None:
            await names.resolver.addresses(HOST)
            assert lines

        await eventually(stale)
        names.server.records[HOST] = ["127.20.3.9"]
        names.server.is_silent = False
        await names.says("127.20.3.9")
    assert [line["event"] for line in lines] == ["dns_stale", "dns_recovered"]


async def test_a_name_that_was_never_known_is_unavailable(names: Names) -> None:
    with pytest.raises(NameUnknown) as caught:
        await names.resolver.addresses("nobody.internal")
    assert caught.value.status == 503


async def test_an_address_is_its_own_answer(names: Names) -> None:
    assert await names.resolver.addresses("127.20.3.1") == ["127.20.3.1"]
    assert names.server.queries == 0


async def test_a_second_server_answers_when_the_first_is_silent(names: Names) -> None:
    silent = DnsServer()
    silent.is_silent = True
    first = await silent.start("127.22.0.54")
    (port,) = names.server._transport.get_extra_info("sockname")[1:]
    resolver = Resolver([first, f"127.22.0.53:{port}"])
    assert await resolver.addresses(HOST) == BOTH
    silent.stop()


async def test_without_servers_the_system_is_asked() -> None:
    assert "127.0.0.1" in await Resolver(()).addresses("localhost")


async def test_a_name_outside_of_the_servers_zone_is_asked_of_the_system() -> None:
    server = DnsServer()
    server.records[HOST] = list(BOTH)
    resolver = Resolver([await server.start("127.22.0.53")], "internal")
    assert await resolver.addresses(HOST) == BOTH
    assert "127.0.0.1" in await resolver.addresses("localhost")
    assert server.queries == 1
    await resolver.close()
    server.stop()


async def test_the_number_of_names_kept_has_a_bound(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NAMES_MAX", 2)
    names.server.ttl = 60
    for name in ("a.internal", "b.internal", "c.internal"):
        names.server.records[name] = BOTH
        await names.resolver.addresses(name)
    assert list(names.resolver._answers) == ["b.internal", "c.internal"]


async def test_a_learnt_name_is_known_when_dns_goes(names: Names) -> None:
    names.server.ttl = 0
    names.resolver.learn([HOST, "127.20.3.1"])

    async def is_learnt() -> None:
        assert names.server.queries == 1

    await eventually(is_learnt)
    await names.resolver.addresses(HOST)
    names.server.is_silent = True
    assert await names.resolver.addresses(HOST) == BOTH


async def test_a_name_is_learnt_although_it_comes_later(names: Names) -> None:
    names.server.records.clear()
    names.resolver.learn([HOST])

    async def was_asked() -> None:
        assert names.server.queries

    await eventually(was_asked)
    names.server.records[HOST] = list(BOTH)
    names.server.ttl = 60
    asked = names.server.queries

    async def was_asked_again() -> None:
        assert names.server.queries > asked

    await eventually(was_asked_again)
    names.server.is_silent = True
    assert await names.resolver.addresses(HOST) == BOTH
