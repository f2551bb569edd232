"""Secrets that are replaced in a way of their own, and those that cannot be replaced in place.

Each way can be interrupted, and the same call then goes on.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from infra.control.authority_rotation import rotate_authority
from infra.control.database_rotation import (
    rotate_database_roles,
    rotate_replication,
    rotate_superuser,
)
from infra.control.progress import Progress
from infra.elsewhere.refusals import why_password_stays
from infra.plan.parts import Plan
from infra.plan.secret_names import (
    BACKUP_BUCKET_KEYS,
    FAILOVER_SECRETS,
    FOR_AUTOMATION,
    SECOND_BUCKET_KEYS,
    SMTP_PASSWORD,
    WATCH_MAIL,
    WATCH_SECRETS,
)
from infra.suite import Suite

Way = Callable[[Suite, Progress], Awaitable[None]]

DATABASES = "databases"
_PAGE = "docs/operations/rotating-secrets.md"
# Why a word is refused.
KEPT: Mapping[str, str] = {
    "backup_passphrase": (
        "The passphrase of the backups cannot be replaced in place, because all that is stored was"
        f" sealed with it: {_PAGE} says how to begin a new place of backups."
    ),
    "backup_suite": "backup_suite is the name of this suite's folder in the backups, not a secret.",
    "cursor": "Cursors are not signed: each is checked by its shape, so there is no key of them.",
}


_AUTHORITY = "ca"
_MADE_ANEW = (
    "{word} is not replaced in place. Nothing stored depends on it: run `make up HA=0`, remove it"
    f" from secrets.json, and `make up HA=1` makes another ({_PAGE})."
)
_MADE_BY_A_START = (
    "{word} is not replaced in place. Nothing stored depends on it: run `make up WATCH=0`, remove"
    f" it from secrets.json, and `make up WATCH=1` makes another ({_PAGE})."
)
_GIVEN = (
    "{word} comes from the server that it is for. Write the new value into secrets.json, and run"
    f" `make down` and `make up` ({_PAGE})."
)
_SIGNED_ELSEWHERE = (
    "Somebody else signs the certificates of this suite: put new ones into {folder}, first with"
    " both authorities in ca.crt, and the caretaker hands them over within a minute."
)
_OF_THE_EMBEDDED = (
    "{word} is not replaced in place. Nothing stored depends on it: run `make down`, remove it from"
    f" secrets.json, and `make up` makes another ({_PAGE})."
)
_OF_OTHERS = (*BACKUP_BUCKET_KEYS, *SECOND_BUCKET_KEYS, WATCH_MAIL)
_WITHOUT_FAILOVER = (
    "{word} is not replaced in a suite with failover, because etcd reads it only as it starts: run"
    f" `make up HA=0` first, and `make up HA=1` afterwards ({_PAGE})."
)


def why_kept(plan: Plan, word: str) -> str:
    """Return why a word is refused; "" if it is not. `all` leaves such words out."""
    if word == _AUTHORITY:
        return _why_authority_stays(plan)
    if word in FAILOVER_SECRETS:
        return _MADE_ANEW.format(word=word)
    if word in {*WATCH_SECRETS, FOR_AUTOMATION}:
        return _MADE_BY_A_START.format(word=word)
    if word == SMTP_PASSWORD and plan.mail.embedded:
        return _OF_THE_EMBEDDED.format(word=word)
    if word in {*_OF_OTHERS, SMTP_PASSWORD}:
        return _GIVEN.format(word=word)
    return why_password_stays(plan, word) or KEPT.get(word, "")


def _why_authority_stays(plan: Plan) -> str:
    if not plan.certificates.embedded:
        return _SIGNED_ELSEWHERE.format(folder=plan.certificates.folder)
    return "" if plan.failover is None else _WITHOUT_FAILOVER.format(word=_AUTHORITY)


def other_ways(plan: Plan) -> dict[str, Way]:
    """Map the words of the command to their ways, in the order of `all`."""
    ways = {f"postgres_{group}": partial(_rotate_group, group) for group in plan.own_groups}
    return {
        **ways,
        "postgres_replication": rotate_replication,
        "postgres_superuser": rotate_superuser,
        **({_AUTHORITY: rotate_authority} if _may_rotate_authority(plan) else {}),
    }


def _may_rotate_authority(plan: Plan) -> bool:
    return plan.failover is None and plan.certificates.embedded


def ways_meant(plan: Plan, word: str) -> list[str]:
    """Return the words of the ways that a word of the command means; none if it is unknown."""
    ways = other_ways(plan)
    if word in {"all", DATABASES}:
        return [way for way in ways if word == "all" or way.startswith("postgres_")]
    return [word] if word in ways else []


async def _rotate_group(group: str, suite: Suite, progress: Progress) -> None:
    await rotate_database_roles(suite, group, progress)
