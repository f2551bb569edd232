"""Resolves names; keeps answers for their TTL, and uses stale answers while DNS is down.

A process learns the names of its settings when it starts. Otherwise the first call to one of them
could come while DNS is down.
"""

import asyncio
import ipaddress
import math
import socket
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from shared.errors import Unavailable
from shared.logs import get_logger

log = get_logger()

# The operating system's resolver gives no TTL. The records of our own zone have the same TTL.
SYSTEM_TTL_S = 1.0
# This long after its TTL, an answer still serves while the next is fetched, so no call waits.
REFRESH_AHEAD_S = 2.0
QUERY_TIMEOUT_S = 0.5
LOOKUP_TIMEOUT_S = 1.0
# After a failed lookup the stale answer serves this long before the next lookup.
RETRY_AFTER_S = 0.5
# A process knows about a dozen names; the bound only limits a bug that resolves random ones.
NAMES_MAX = 256
# A name that nobody knows yet is asked for again after this long at most.
LEARN_AGAIN_S_MAX = 30.0


class NameUnknown(Unavailable):
    """The lookup of a name failed, and no earlier answer is known."""

    code = "name_unknown"


@dataclass(slots=True)
class _Answer:
    addresses: list[str]
    fresh_until_s: float
    learnt_s: float
    is_stale: bool = False


class Resolver:
    """Asks `servers` ("address:port") over UDP, or the operating system if there are none.

    With a `zone` the servers are asked for names in it only, and the operating system for others.
    Concurrent callers share one query per name. Addresses are sorted, because servers shuffle them
    and callers compare lists to notice a change.
    """

    def __init__(self, servers: Sequence[str], zone: str = "") -> None:
        self._answers: dict[str, _Answer] = {}
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._learning: set[asyncio.Task[None]] = set()
        self._dns = _stub_resolver(servers) if servers else None
        self._behind = f".{zone.strip('.')}" if zone else ""

    async def addresses(self, host: str) -> list[str]:
        """Return at least one address of `host`; raises NameUnknown without any answer yet."""
        answer = self._answers.get(host)
        age_s = time.monotonic() - answer.fresh_until_s if answer else 0.0
        if answer and age_s < 0:
            return answer.addresses
        if _is_address(host):
            return [host]
        lookup = self._lookup(host)
        if answer and age_s < REFRESH_AHEAD_S:
            return answer.addresses
        # A cancelled caller must not cancel the lookup that others share.
        return await asyncio.shield(lookup)

    def preset(self, host: str, addresses: Sequence[str]) -> None:
        """Fix the answer for a name for good, like a line in a hosts file."""
        now_s = time.monotonic()
        self._answers[host] = _Answer(list(addresses), math.inf, now_s)

    def learn(self, hosts: Collection[str]) -> None:
        """Resolve names in the background, until each has had an answer."""
        learning = asyncio.get_running_loop().create_task(self._learn(hosts))
        self._learning.add(learning)
        learning.add_done_callback(self._learning.discard)

    async def _learn(self, hosts: Collection[str]) -> None:
        wait_s = RETRY_AFTER_S
        while hosts := [host for host in hosts if not await self._is_known(host)]:
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LEARN_AGAIN_S_MAX)

    async def _is_known(self, host: str) -> bool:
        try:
            await self.addresses(host)
        except NameUnknown:
            return False
        return True

    async def close(self) -> None:
        """Cancel the lookups under way."""
        lookups = [*self._lookups.values(), *self._learning]
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    def _lookup(self, host: str) -> asyncio.Task[list[str]]:
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = asyncio.get_running_loop().create_task(self._refresh(host))
            self._lookups[host] = lookup
            lookup.add_done_callback(lambda done: self._forget_lookup(host, done))
        return lookup

    def _forget_lookup(self, host: str, done: asyncio.Task[list[str]]) -> None:
        self._lookups.pop(host, None)
        if not done.cancelled():
            done.exception()  # Read, so that asyncio does not warn about a lookup without a waiter.

    async def _refresh(self, host: str) -> list[str]:
        try:
            found, ttl_s = await self._ask(host)
        except (dns.exception.DNSException, OSError) as error:
            return self._stale(host, error)
        addresses = sorted(found)
        now_s = time.monotonic()
        known = self._answers.pop(host, None)
        if known and known.is_stale:
            log.info("dns_recovered", host=host)
        if len(self._answers) >= NAMES_MAX:
            self._answers.pop(next(iter(self._answers)))
        self._answers[host] = _Answer(addresses, now_s + ttl_s, now_s)
        return addresses

    def _stale(self, host: str, error: Exception) -> list[str]:
        answer = self._answers.get(host)
        if answer is None:
            raise NameUnknown(f"The name {host} could not be resolved.") from error
        now_s = time.monotonic()
        if not answer.is_stale:  # One line per outage, though lookups go on twice a second.
            age_s = round(now_s - answer.learnt_s, 1)
            log.warning("dns_stale", host=host, age_s=age_s, error=repr(error))
        answer.is_stale = True
        answer.fresh_until_s = now_s + RETRY_AFTER_S
        return answer.addresses

    async def _ask(self, host: str) -> tuple[list[str], float]:
        if self._dns is None or not host.rstrip(".").endswith(self._behind):
            return await _ask_system(host), SYSTEM_TTL_S
        answer = await self._dns.resolve(host, "A", search=False)
        return [record.address for record in answer], float(answer.rrset.ttl if answer.rrset else 0)


def _stub_resolver(servers: Sequence[str]) -> dns.asyncresolver.Resolver:
    stub = dns.asyncresolver.Resolver(configure=False)
    stub.nameservers = [_nameserver(server) for server in servers]
    stub.timeout = QUERY_TIMEOUT_S
    stub.lifetime = LOOKUP_TIMEOUT_S
    return stub


def _nameserver(server: str) -> dns.nameserver.Nameserver:
    address, _, port = server.rpartition(":")
    return dns.nameserver.Do53Nameserver(address or server, int(port) if address else 53)


async def _ask_system(host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
