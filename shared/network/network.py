"""What a process needs to reach others: a resolver and a certificate authority."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from shared.network.resolver import Resolver
from shared.settings import NetworkSettings


@dataclass(frozen=True, slots=True)
class Network:
    """Made once per process; without `ca_file` the operating system's authorities are trusted."""

    resolver: Resolver
    ca_file: Path | None

    def trusting(self, ca_file: Path | None) -> "Network":
        """Return the same network for servers of somebody else, whose authority is `ca_file`."""
        return self if ca_file is None else replace(self, ca_file=ca_file)


def called_hosts(settings: NetworkSettings) -> list[str]:
    """Return the hosts of all URLs among the settings, sorted.

    A `…_base_url` is left out: it is what clients call, and may be a public name.
    """
    texts = [
        value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if name.endswith("_url") and not name.endswith("_base_url")
    ]
    return sorted({host for text in texts if text and (host := urlsplit(text).hostname)})


@asynccontextmanager
async def open_network(settings: NetworkSettings) -> AsyncIterator[Network]:
    """Open the network of this process; the resolver closes with the context."""
    resolver = Resolver(settings.dns_servers, settings.dns_zone)
    resolver.learn(called_hosts(settings))
    try:
        yield Network(resolver, settings.tls_ca_file)
    finally:
        await resolver.close()
