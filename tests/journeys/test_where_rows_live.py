"""Rows of users and posts lie in the schema and on the primary that their ids name."""

from infra.leaders import leads
from tests.journeys.phone import phone_of
from tests.suite import Suite


async def test_rows_of_a_user_lie_in_their_shard_only(suite: Suite) -> None:
    async with phone_of(suite.public_url, "alice") as alice:
        post = await alice.post()
        photo = post["photos"][0]
        for group, table, id_ in (
            ("users", "account", alice.id),
            ("feed", "post", post["id"]),
            ("upload", "photo", photo["id"]),
        ):
            shard = (int(id_) >> 10) & 63
            assert shard == (int(alice.id) >> 10) & 63
            assert await _places(suite, group, table, int(id_)) == {f"shard_{shard:04d}"}


async def test_every_replica_streams_from_its_primary(suite: Suite) -> None:
    for node in suite.plan.members:
        if not leads(node):
            async with suite.postgres(node.name) as connection:
                assert (
                    await connection.fetchval("SELECT status FROM pg_stat_wal_receiver")
                    == "streaming"
                )


async def _places(suite: Suite, group: str, table: str, id_: int) -> set[str]:
    found = set()
    for node in suite.plan.members:
        if node.service == group and leads(node):
            async with suite.postgres(node.name) as connection:
                schemas = await connection.fetch(
                    "SELECT schemaname FROM pg_tables WHERE tablename = $1", table
                )
                for (schema,) in schemas:
                    if await connection.fetchval(
                        f'SELECT count(*) FROM "{schema}"."{table}" WHERE id = $1', id_
                    ):
                        found.add(schema)
    return found
