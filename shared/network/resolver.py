"""Names become addresses: answers are kept for their TTL, and stale ones while DNS is down."""

import asyncio
import ipaddress
import math
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from shared.errors import Unavailable
from shared.logs import get_logger

log = get_logger()

# The system's resolver says no TTL; our own zone's records live as long.
SYSTEM_TTL_S = 1.0
# An answer a little past its TTL is used while the next is fetched, so that no call waits for it.
REFRESH_AHEAD_S = 2.0
QUERY_TIMEOUT_S = 0.5
LOOKUP_TIMEOUT_S = 1.0
# After a failed look-up the stale answer serves this long before DNS is asked again.
RETRY_AFTER_S = 0.5
# A process knows a dozen names; the bound is against a bug that resolves made-up ones.
NAMES_MAX = 256


class NameUnknown(Unavailable):
    """No address was ever learnt for a name, and now it cannot be asked."""

    code = "name_unknown"


@dataclass(slots=True)
class _Answer:
    addresses: list[str]
    fresh_until_s: float
    learnt_s: float
    is_stale: bool = False


class Resolver:
    """Asks `servers` ("address:port") over UDP, or the operating system when there are none.

    One query at a time per name, however many ask. The list is sorted: servers shuffle theirs, and
    who asks wants to see whether anything has changed.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        self._answers: dict[str, _Answer] = {}
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._dns = _stub_resolver(servers) if servers else None

    async def addresses(self, host: str) -> list[str]:
        """Addresses of `host`, never none; raises NameUnknown if there never was an answer."""
        answer = self._answers.get(host)
        age_s = time.monotonic() - answer.fresh_until_s if answer else 0.0
        if answer and age_s < 0:
            return answer.addresses
        if _is_address(host):
            return [host]
        lookup = self._lookup(host)
        if answer and age_s < REFRESH_AHEAD_S:
            return answer.addresses
        # A caller that gives up must not take the look-up of the others with it.
        return await asyncio.shield(lookup)

    def preset(self, host: str, addresses: Sequence[str]) -> None:
        """Fix the answer for a name, as a line in a hosts file would."""
        now_s = time.monotonic()
        self._answers[host] = _Answer(list(addresses), math.inf, now_s)

    async def close(self) -> None:
        """End the look-ups under way."""
        lookups = list(self._lookups.values())
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
            done.exception()  # Read, so that a look-up nobody waited for does not warn.

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
        if not answer.is_stale:  # Once per outage: the look-ups go on twice a second.
            age_s = round(now_s - answer.learnt_s, 1)
            log.warning("dns_stale", host=host, age_s=age_s, error=repr(error))
        answer.is_stale = True
        answer.fresh_until_s = now_s + RETRY_AFTER_S
        return answer.addresses

    async def _ask(self, host: str) -> tuple[list[str], float]:
        if self._dns is None:
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
