"""What a process needs to reach another: how names become addresses, and whose word is trusted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.network.resolver import Resolver
from shared.settings import NetworkSettings


@dataclass(frozen=True, slots=True)
class Network:
    """Made once per process; `ca_file` None means what the operating system trusts."""

    resolver: Resolver
    ca_file: Path | None


@asynccontextmanager
async def open_network(settings: NetworkSettings) -> AsyncIterator[Network]:
    """The network of this process, for as long as it runs."""
    resolver = Resolver(settings.dns_servers)
    try:
        yield Network(resolver, settings.tls_ca_file)
    finally:
        await resolver.close()
