"""The table of secrets that `make rotate` replaces: who has each, and how long a former one lives.

A new secret that processes merely compare or sign with needs one line here, beside the variable
`…_OTHERS` in its process's environment.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from infra.plan.parts import Plan
from infra.plan.secret_names import CODE_KEY, FOR_OPERATORS, OPS_PASSWORD, STORE_KEYS

# Requests that a balancer began to send with the former value may still arrive.
_UNDER_WAY_S = 10.0
# services/users: a session that has not refreshed for this long is over.
SESSION_S = 60 * 86_400.0
# services/users: the link that undoes a change of address lives the longest.
_CODE_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Replaceable:
    """A secret; `services` have it, and a former value counts for `life_s` after the switch."""

    name: str
    services: frozenset[str]
    life_s: float


_LIVES: dict[str, Callable[[Plan], float]] = {
    "session_token_key": lambda _plan: SESSION_S,
    CODE_KEY: lambda _plan: _CODE_S,
    "media_signing_key": lambda plan: plan.limits.media_url_seconds,
    "media_token": lambda _plan: _UNDER_WAY_S,
    "balancer_token": lambda _plan: _UNDER_WAY_S,
    FOR_OPERATORS: lambda _plan: 0.0,
    OPS_PASSWORD: lambda _plan: 0.0,
    "internal_key_*": lambda _plan: 0.0,
    "redis_*": lambda _plan: 0.0,
    "s3_access_key": lambda _plan: 0.0,
    "s3_secret_key": lambda _plan: 0.0,
}
# What these processes read once, at their start; they refuse a former value from the switch on.
READ_ONCE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(STORE_KEYS, ("backup-keeper",)),
    FOR_OPERATORS: ("backup-keeper", "caretaker", "ops", "automation", "mail"),
    OPS_PASSWORD: ("ops",),
}
# Words of the command, and the secrets that they mean.
_FAMILIES = {
    "session": ("session_token_key",),
    "media": ("media_signing_key", "media_token"),
    "balancer": ("balancer_token",),
    "operator": (FOR_OPERATORS,),
    "ops": (OPS_PASSWORD,),
    "internal": ("internal_key_*",),
    "redis": ("redis_*",),
    "s3": STORE_KEYS,
    # Each is only valid with the other.
    "s3_access_key": STORE_KEYS,
    "s3_secret_key": STORE_KEYS,
}


def replaceables(plan: Plan) -> dict[str, Replaceable]:
    """Return every secret that is replaced by offer, switch and drop, by its name."""
    return {
        secret.name: Replaceable(secret.name, _services(plan, secret.name), life_of(plan))
        for secret in plan.secrets
        for pattern, life_of in _LIVES.items()
        if fnmatchcase(secret.name, pattern)
    }


def names_meant(plan: Plan, word: str) -> Iterator[str]:
    """Yield the replaceable secrets that a word of the command means; none if it is unknown."""
    patterns = _FAMILIES.get(word, ("*",) if word == "all" else (word,))
    for name in replaceables(plan):
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield name


def known_words(plan: Plan) -> list[str]:
    """Return every word that the command knows, for its message."""
    return ["all", *sorted({*_FAMILIES, *replaceables(plan)})]


def _services(plan: Plan, name: str) -> frozenset[str]:
    """Return the services that restart one process at a time and have the secret, and nginx."""
    rolled = {*plan.services, "nginx"}
    having = {process.service for process in plan.processes if name in process.secrets}
    return frozenset(having & rolled)
