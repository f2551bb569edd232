"""Where a public request comes from, by what our balancers say and nobody else."""

import hmac
import ipaddress
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.resources import Resources

BALANCER_HEADER = "X-Balancer-Token"
# A network of IPv6 is what one household or one phone gets.
_IPV6_NETWORK_BITS = 64
UNKNOWN = "unknown"


def client_address(scope: Scope, headers: Headers) -> str:
    """The client's address as a balancer saw it; without a balancer's token, whoever calls us."""
    resources: Resources = scope["app"].state.resources
    given = headers.get(BALANCER_HEADER, "").encode()
    if hmac.compare_digest(given, resources.balancer_token):
        return headers.get("x-forwarded-for", UNKNOWN)
    host, _port = scope["client"] or (UNKNOWN, 0)
    return str(host)


def caller_network(scope: Scope, headers: Headers) -> str:
    """The address of the client, of IPv6 its network of 64 bits; "unknown" if it has none."""
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
