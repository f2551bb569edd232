"""Tells running Redis servers which passwords count; no connection ends by it, unless asked."""

from collections.abc import Iterator

import redis.exceptions

from infra.control.failures import SuiteFailure
from infra.control.health import redis_operator
from infra.plan.parts import PlannedRedis
from infra.suite import Suite

# Before the rules of the file: what it does not give is taken away.
_FROM_NOTHING = ("resetpass", "resetkeys", "resetchannels", "-@all")


async def tell_redis_users(suite: Suite) -> None:
    """Give every running Redis the users of its rendered file; raises SuiteFailure.

    ACL LOAD would end all connections, so each user is set by itself.
    """
    for server in suite.plan.own_redises.values():
        try:
            async with redis_operator(suite, server) as client:
                for user, rules in _users(suite, server):
                    await client.execute_command("ACL", "SETUSER", user, *_FROM_NOTHING, *rules)  # type: ignore[no-untyped-call]
        except redis.exceptions.RedisError as error:
            raise SuiteFailure(
                f"redis-{server.name} does not take its users' new passwords: {error}. `make"
                " status` shows what is wrong; the same command goes on afterwards."
            ) from None


async def end_connections_of(suite: Suite, server: PlannedRedis) -> None:
    """End a service's connections, of which some may have begun with a former password.

    Its processes connect again at once, with the present one.
    """
    async with redis_operator(suite, server) as client:
        await client.execute_command("CLIENT", "KILL", "USER", server.name)  # type: ignore[no-untyped-call]


def _users(suite: Suite, server: PlannedRedis) -> Iterator[tuple[str, list[str]]]:
    file = suite.folder.etc / "redis" / f"{server.name}.acl"
    for line in file.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["user"] and words[1] != "default":
            yield words[1], words[2:]
