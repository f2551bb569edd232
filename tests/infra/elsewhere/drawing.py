"""A topology in which somebody else runs Postgres, Redis and the name server."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("gateway", "users", "upload", "feed")
SHARDS = 4
REDIS_PORTS = {service: 6390 + number for number, service in enumerate(SERVICES)}
DNS_PORT = 5399


@dataclass(frozen=True)
class Somewhere:
    """Where everything of somebody else is, and the authority that its certificates are of."""

    address: str
    ca_file: Path
    names: str = "192.0.2.53"


def drawing(other: Somewhere, text: str, *, has_names: bool = True) -> str:
    """Return the topology with what somebody else runs instead of our own."""
    groups = "".join(_group(other, service) for service in SERVICES[1:])
    text = _replaced(text, r"\[group\.users\].*?(?=\n# ── Failover)", groups)
    redises = "".join(_redis(other, service) for service in SERVICES)
    text = _replaced(text, r"\[redis\.gateway\].*?(?=\n# ── The object store)", redises)
    if has_names:
        where = f'[dns]\nkind = "external"\nservers = ["{other.names}:{DNS_PORT}"]\n'
        text = _replaced(text, r"\[dns\]\n", where)
    tomllib.loads(text)
    return text


def _replaced(text: str, pattern: str, by: str) -> str:
    changed, count = re.subn(pattern, lambda _match: by, text, flags=re.DOTALL)
    assert count == 1, pattern
    return changed


def _group(other: Somewhere, service: str) -> str:
    login = '\nlogin = "upload"' if service == "upload" else ""
    return f"""[group.{service}]
kind = "external"
shard_count = {SHARDS}
ca_file = "{other.ca_file}"{login}
[[group.{service}.primary]]
name = "{service}-a"
host = "{other.address}"
shards = [0, {SHARDS - 1}]

"""


def _redis(other: Somewhere, service: str) -> str:
    return f"""[redis.{service}]
kind = "external"
url = "rediss://{other.address}:{REDIS_PORTS[service]}/0"
ca_file = "{other.ca_file}"

"""
