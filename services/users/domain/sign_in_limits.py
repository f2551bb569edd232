"""Limits of password guesses, and their errors."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from shared.errors import TooManyRequests

ADDRESS_CHARACTERS_MAX: Final = 64

# The owner of an IPv6 address usually has its whole /64.
_IPV6_PREFIX_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times_max` in any window of `window_ms`."""

    times_max: int
    window_ms: int


# Enough for a family behind one address, far too little for guessing passwords.
TRIES_OF_ADDRESS: Final = Limit(25, 5 * 60 * 1000)
FAILURES_OF_ACCOUNT: Final = Limit(10, 60 * 60 * 1000)


class TooManySignIns(TooManyRequests):
    """Too many tries from this address or with this name, whether or not an account has it."""

    code = "too_many_sign_ins"
    title = "Too many attempts to sign in; wait a little."


class TooManyGuesses(TooManyRequests):
    """Too many wrong passwords for the viewer's account."""

    code = "too_many_guesses"
    title = "Too many wrong passwords; wait a little."


def source_of(address: str) -> str:
    """The key of an address; addresses that probably belong to one household share it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:ADDRESS_CHARACTERS_MAX]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _IPV6_PREFIX_BITS), strict=False))
    return str(parsed)
