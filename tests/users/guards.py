"""A guard of passwords with another hasher, or with other limits, than the process has."""

from services.users.resources import Resources
from services.users.store.password_guard import PasswordGuard
from services.users.store.password_hashes import PasswordHashes
from services.users.store.sign_in_limits import SignInLimits


def limits_of(resources: Resources) -> SignInLimits:
    """The counts that the guard of the process uses."""
    return resources.passwords._limits


def guard_with(resources: Resources, hashes: PasswordHashes) -> PasswordGuard:
    """A guard with this hasher and the same counts."""
    return PasswordGuard(hashes, limits_of(resources))
