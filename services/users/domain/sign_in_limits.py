"""How often somebody may try to sign in, and how it is told."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from shared.errors import TooManyRequests

ADDRESS_CHARACTERS_MAX: Final = 64

# Who has an IPv6 address usually has all of its /64.
_IPV6_PREFIX_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within any stretch of time of that length."""

    times_max: int
    window_ms: int


# Enough for a family behind one address, far too little to guess passwords.
TRIES_OF_ADDRESS: Final = Limit(25, 5 * 60 * 1000)
FAILURES_OF_ACCOUNT: Final = Limit(10, 60 * 60 * 1000)


class TooManySignIns(TooManyRequests):
    """Of this address, or with this name; whether the name is anybody's makes no difference."""

    code = "too_many_sign_ins"
    title = "Too many attempts to sign in; wait a little."


def source_of(address: str) -> str:
    """Addresses that are most likely one household's count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:ADDRESS_CHARACTERS_MAX]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _IPV6_PREFIX_BITS), strict=False))
    return str(parsed)
