"""The address of a public request, trusted only from a balancer."""

import hmac
import ipaddress
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.resources import Resources

BALANCER_HEADER = "X-Balancer-Token"
# One household or phone gets a network of this size.
_IPV6_NETWORK_BITS = 64
UNKNOWN = "unknown"


def client_address(scope: Scope, headers: Headers) -> str:
    """The client's address as a balancer saw it; without a valid balancer token, the peer's."""
    resources: Resources = scope["app"].state.resources
    given = headers.get(BALANCER_HEADER, "").encode()
    if any(hmac.compare_digest(given, token) for token in resources.balancer_tokens):
        return headers.get("x-forwarded-for", UNKNOWN)
    host, _port = scope["client"] or (UNKNOWN, 0)
    return str(host)


def caller_network(scope: Scope, headers: Headers) -> str:
    """The client's IPv4 address or its IPv6 network of 64 bits; "unknown" if it has none."""
    return _network_of(client_address(scope, headers))


@lru_cache(maxsize=4096)
def _network_of(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK_BITS), strict=False).network_address)
