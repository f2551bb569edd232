"""Where a target has what a service needs, and a variable that says so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: the name without the service's prefix, the value, and its meaning.

    A target keeps a secret value apart from the others if it can.
    """

    name: str
    value: str
    meaning: str
    is_secret: bool = False


class Secrets(Protocol):
    """The passwords and keys of a target, or names that stand for them."""

    def __getitem__(self, name: str) -> str:
        """Return a secret by its name in the plan."""

    def others(self, name: str) -> tuple[str, ...]:
        """Return the values that count besides it while it is replaced."""

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """Return the keys of internal tokens, by audience."""

    def login_of(self, group: str) -> str:
        """Return the role with which the processes of a group log in."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a target has what a service needs: paths as the process sees them, names and URLs.

    * `certificate` returns the paths of certificate and key by role, `shard_map` the path of a
      group's map, and `traces` the folder of a role's traces.
    * `url` returns the internal URL of a service, and `redis_url` that of its Redis, with user and
      password.
    * `dns_servers` is empty where the operating system resolves the internal names.
    * `media_caches_url` reaches every balancer, `public_url` any of them from outside.
    * `other_authority` returns the path of the authority of a part of somebody else, such as
      "postgres-users".
    * `store_folder` is the folder of an embedded store's buckets, empty if upload cannot see it.
    """

    ca_file: str
    certificate: Callable[[str], tuple[str, str]]
    shard_map: Callable[[str], str]
    traces: Callable[[str], str]
    url: Callable[[str], str]
    redis_url: Callable[[str], str]
    live_file: str
    store_folder: str
    decoder_python: str
    other_authority: Callable[[str], str]
    dns_servers: str
    dns_zone: str
    media_caches_url: str
    public_url: str
    secrets: Secrets
    revision: str
    limits_factor: int = 1
