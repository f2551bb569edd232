"""The databases, Redis, store and DNS of a real suite match the topology."""

import ssl

import asyncpg
import dns.asyncquery
import dns.message
import dns.rcode
import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from infra.leaders import followers, leads
from tests.suite import Suite


async def test_every_replica_follows_its_own_primary(data_suite: Suite) -> None:
    for group in data_suite.plan.groups.values():
        for database in group.databases:
            async with data_suite.postgres(database.name, database="postgres") as connection:
                rows = await connection.fetch(
                    "SELECT application_name, state FROM pg_stat_replication"
                )
            expected = {replica.name.replace("-", "_") for replica in followers(database)}
            following = {row["application_name"] for row in rows if row["state"] == "streaming"}
            assert following == expected


async def test_no_two_primaries_could_be_taken_for_one_another(data_suite: Suite) -> None:
    identifiers = set()
    primaries = [n for n in data_suite.plan.members if leads(n)]
    for node in primaries:
        async with data_suite.postgres(node.name) as connection:
            identifiers.add(
                await connection.fetchval("SELECT system_identifier FROM pg_control_system()")
            )
    assert len(identifiers) == len(primaries)


async def test_nobody_copies_the_whole_zone(data_suite: Suite) -> None:
    server = data_suite.plan.dns
    query = dns.message.make_query(server.zone, "AXFR")
    reply = await dns.asyncquery.tcp(query, server.address, port=server.port, timeout=5)
    assert reply.rcode() in {dns.rcode.REFUSED, dns.rcode.NOTAUTH}
    assert not reply.answer


async def test_a_shard_is_a_schema_of_the_primary_that_the_map_names(data_suite: Suite) -> None:
    for group in data_suite.plan.groups.values():
        for database in group.databases:
            async with data_suite.postgres(database.name) as connection:
                rows = await connection.fetch(
                    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shard\\_%' ORDER BY 1"
                )
            shards = range(database.first_shard, database.last_shard + 1)
            assert [row["nspname"] for row in rows] == [f"shard_{shard:04}" for shard in shards]


async def test_postgres_refuses_a_connection_without_tls(data_suite: Suite) -> None:
    env = data_suite.env("users")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(
            host=data_suite.plan.member("users-a").address,
            user=env["USERS_POSTGRES_USER"],
            password=env["USERS_POSTGRES_PASSWORD"],
            database=env["USERS_POSTGRES_DATABASE"],
            ssl=False,
        )


async def test_a_service_cannot_enter_the_database_of_another(data_suite: Suite) -> None:
    env = data_suite.env("users")
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(
            host=data_suite.plan.member("feed-a").address,
            user=env["USERS_POSTGRES_USER"],
            password=env["USERS_POSTGRES_PASSWORD"],
            database="feed",
            ssl=ssl.create_default_context(cafile=str(data_suite.ca_file)),
        )


async def test_an_acknowledged_write_waits_for_the_disk(data_suite: Suite) -> None:
    async with data_suite.postgres("feed-a") as connection:
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        assert await connection.fetchval("SHOW wal_level") == "logical"


def _redis(data_suite: Suite, service: str, *, user: str | None, password: str | None) -> Redis:
    return Redis(
        host=data_suite.plan.redises[service].address,
        username=user,
        password=password,
        ssl=True,
        ssl_ca_certs=str(data_suite.ca_file),
        retry=Retry(NoBackoff(), 0),
    )


async def test_a_service_uses_its_redis_but_does_not_administer_it(data_suite: Suite) -> None:
    password = data_suite.env("feed")["FEED_REDIS_URL"].split(":")[2].split("@")[0]
    async with _redis(data_suite, "feed", user="feed", password=password) as client:
        await client.set("tests:infra", "there", ex=60)
        assert await client.get("tests:infra") == b"there"
        for forbidden in (client.flushall, client.config_get, client.keys):
            with pytest.raises(NoPermissionError):
                await forbidden()


async def test_the_redis_of_one_service_does_not_know_another(data_suite: Suite) -> None:
    password = data_suite.env("feed")["FEED_REDIS_URL"].split(":")[2].split("@")[0]
    async with _redis(data_suite, "users", user="feed", password=password) as client:
        with pytest.raises(AuthenticationError):
            await client.ping()


async def test_redis_keeps_a_log_of_what_it_was_told(data_suite: Suite) -> None:
    async with data_suite.redis("users") as client:
        assert (await client.config_get("appendonly"))["appendonly"] == "yes"
        assert (await client.config_get("port"))["port"] == "0"


async def test_a_transaction_is_there_again_after_redis_was_killed(data_suite: Suite) -> None:
    async with data_suite.redis("feed") as client, client.pipeline(transaction=True) as both:
        both.set("tests:infra:one", "1", ex=60)
        both.set("tests:infra:two", "2", ex=60)
        await both.execute()
    data_suite.kill("redis-feed")
    await data_suite.start("redis-feed")
    async with data_suite.redis("feed") as client:
        assert await client.mget("tests:infra:one", "tests:infra:two") == [b"1", b"2"]


@pytest.mark.parametrize("user", [None, "default"])
async def test_nobody_enters_redis_without_a_name_and_password(
    data_suite: Suite, user: str | None
) -> None:
    async with _redis(data_suite, "feed", user=user, password="" if user else None) as client:
        with pytest.raises(AuthenticationError):
            await client.get("tests:infra")


async def test_what_the_gateways_count_is_written_to_no_log(data_suite: Suite) -> None:
    async with data_suite.redis("gateway") as client:
        assert (await client.config_get("appendonly"))["appendonly"] == "no"
        assert (await client.config_get("save"))["save"] == ""


async def test_redis_refuses_a_connection_without_tls(data_suite: Suite) -> None:
    address = data_suite.plan.redises["users"].address
    async with Redis(host=address, retry=Retry(NoBackoff(), 0)) as client:
        with pytest.raises(RedisError):
            await client.ping()


async def test_the_store_refuses_a_request_without_a_signature(data_suite: Suite) -> None:
    store = data_suite.plan.store
    tls = ssl.create_default_context(cafile=str(data_suite.ca_file))
    async with httpx.AsyncClient(verify=tls) as client:
        reply = await client.get(f"https://{store.address}:{store.port}/{store.bucket}")
    assert reply.status_code in {400, 403}


async def test_every_internal_name_has_an_address(data_suite: Suite) -> None:
    hosts = [service.host for service in data_suite.plan.services.values()]
    hosts += [node.host for node in data_suite.plan.members]
    hosts += [redis.host for redis in data_suite.plan.redises.values()]
    for host in [*hosts, "store.internal"]:
        assert await data_suite.addresses(host), host


async def test_an_unknown_name_has_none(data_suite: Suite) -> None:
    assert await data_suite.addresses("nobody.internal") == set()
