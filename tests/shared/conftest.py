"""Postgres nodes, shard groups and replicas for tests, started on first use."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.service_client.client import ServiceClient
from shared.sharding.shard_group import ShardGroup
from tests.shared.certificates import Authority, Certificate
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.replica_app import ReplicaSettings, replica_app
from tests.shared.replica_process import FOR_OPERATORS, HOST_NAME, KEYS, PORT, ReplicaProcess
from tests.shared.shard_groups import ShardedDatabase

# Concurrent test runs on one machine need different addresses.
_NETWORK = f"127.22.{os.getpid() % 256}"
SHARED_ADDRESSES = (f"{_NETWORK}.31", f"{_NETWORK}.32")
# For the replicas that a test starts and breaks.
OWN_ADDRESSES = (f"{_NETWORK}.51", f"{_NETWORK}.52")
StartReplica = Callable[..., ReplicaProcess]
ClientOf = Callable[..., ServiceClient]


@pytest.fixture(scope="session")
def postgres_nodes() -> Iterator[PostgresNodes]:
    # Concurrent test runs on one machine need different addresses.
    nodes = PostgresNodes(f"127.{64 + os.getpid() % 128}")
    try:
        yield nodes
    finally:
        nodes.remove()


@pytest.fixture(scope="session")
async def migrated(
    postgres_nodes: PostgresNodes, tmp_path_factory: pytest.TempPathFactory
) -> ShardedDatabase:
    """A group that all tests of a session share; each test uses its own ids."""
    group = ShardedDatabase(postgres_nodes, tmp_path_factory.mktemp("maps"))
    await group.migrate(Path(__file__).with_name("example_service") / "migrations")
    return group


@pytest.fixture(scope="session")
async def group(migrated: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with migrated.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    # The certificate names no address, so verifying the dialled address would fail.
    return authority.issue(HOST_NAME)


@pytest.fixture(scope="session")
def settings(certificate: Certificate, authority: Authority) -> ReplicaSettings:
    return ReplicaSettings(
        instance="users-1",
        listen_host="127.22.0.1",
        listen_port=PORT,
        tls_cert_file=certificate.cert_file,
        tls_key_file=certificate.key_file,
        tls_ca_file=authority.ca_file,
        internal_keys={name: SecretStr(key) for name, key in KEYS.items()},
        operator_token=SecretStr(FOR_OPERATORS),
    )


@pytest.fixture(scope="session")
def replicas(
    authority: Authority, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ReplicaProcess]]:
    """Two replicas, shared by tests that do not change them."""
    folder = tmp_path_factory.mktemp("replicas")
    started = [
        ReplicaProcess(address, authority, certificate, folder / f"{address}.log").start()
        for address in SHARED_ADDRESSES
    ]
    yield started
    for replica in started:
        replica.end()


@pytest.fixture
def start_replica(
    authority: Authority, certificate: Certificate, tmp_path: Path
) -> Iterator[StartReplica]:
    """Starts replicas for tests that break them."""
    started: list[ReplicaProcess] = []

    def start(address: str, **extra: str) -> ReplicaProcess:
        log = tmp_path / f"{address}.log"
        started.append(ReplicaProcess(address, authority, certificate, log))
        return started[-1].start(**extra)

    yield start
    for replica in started:
        replica.end()


@pytest.fixture
async def client_of(authority: Authority, settings: ReplicaSettings) -> AsyncIterator[ClientOf]:
    """Makes a client for replicas at given addresses."""
    clients: list[ServiceClient] = []

    def make(*addresses: str, host: str = HOST_NAME) -> ServiceClient:
        resolver = Resolver(())
        resolver.preset(host, addresses)
        network = Network(resolver, authority.ca_file)
        clients.append(ServiceClient("users", f"https://{host}:{PORT}", network, settings))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def client(replicas: list[ReplicaProcess], client_of: ClientOf) -> ServiceClient:
    return client_of(*(replica.address for replica in replicas))


@asynccontextmanager
async def calling(app: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application in this process, which runs its lifespan."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with (
        app.router.lifespan_context(app),  # type: ignore[attr-defined]
        httpx.AsyncClient(transport=transport, base_url="https://users.internal") as caller,
    ):
        yield caller


@pytest.fixture
async def http(settings: ReplicaSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the test service in this process, without a token."""
    async with calling(replica_app(settings)) as caller:
        yield caller
