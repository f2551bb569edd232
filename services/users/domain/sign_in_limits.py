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


_HOUR_MS: Final = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """How often passwords may be tried, and for whom the failures count."""

    # Enough for a family behind one address, far too little for guessing passwords.
    tries_of_address: Limit = Limit(25, 5 * 60 * 1000)
    # The tries alone would let an address spray one password over 300 accounts an hour. A school
    # behind one address does not mistype this often.
    failures_of_address: Limit = Limit(60, _HOUR_MS)
    # By whoever has proven to know the password once: in a session, or with a device token.
    failures_of_account: Limit = Limit(10, _HOUR_MS)
    # By others: each address, and all of them together. NIST SP 800-63B allows no account more
    # than 100 failures in a row.
    failures_of_stranger: Limit = Limit(10, _HOUR_MS)
    failures_of_strangers: Limit = Limit(100, _HOUR_MS)


GUESS_LIMITS: Final = GuessLimits()


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
