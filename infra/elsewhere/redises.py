"""Checks the Redises that somebody else runs."""

import asyncio
import ssl

import redis.exceptions

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.elsewhere.sessions import redis_of_service
from infra.plan.parts import PlannedRedis
from infra.plan.secret_names import redis_password
from infra.suite import Suite

# Access lists by selector, and the functions' forerunners that the stores' scripts need.
VERSION_MIN = (7, 0)
_PROBE = "retrato:probe"
_PROBE_SECONDS = 10


async def require_redises(suite: Suite, progress: Progress) -> None:
    """Check every Redis of somebody else; raises SuiteFailure with a sentence for each fault."""
    servers = [one for one in suite.plan.redises.values() if not one.is_ours]
    faults = [
        fault for fault in await asyncio.gather(*(_fault(suite, s) for s in servers)) if fault
    ]
    if faults:
        raise SuiteFailure("\n".join((*faults, "Nothing was done.")))
    if servers:
        names = ", ".join(server.name for server in servers)
        progress.say(f"these Redises are somebody else's and answer: {names}")


async def _fault(suite: Suite, server: PlannedRedis) -> str:
    place = f"The Redis of {server.name} at {server.host}:{server.port}"
    try:
        async with redis_of_service(suite, server) as client:
            facts = await client.info("server")
            # It may let clients in and still refuse to write, as a replica or a full one does.
            await client.set(_PROBE, "1", ex=_PROBE_SECONDS)
            await client.delete(_PROBE)
    except redis.exceptions.AuthenticationError as error:
        return (
            f"{place} does not let us in ({error}): its password is"
            f" {redis_password(server.name)} in {suite.folder.secrets_file}."
        )
    except redis.exceptions.RedisError as error:
        cause = error.__context__ or error
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"{place} shows a certificate that is not believed ({cause.verify_message}): check"
                f" `ca_file` and `url` of redis.{server.name}."
            )
        return f"{place} does not answer as it should: {error}."
    version = tuple(map(int, str(facts["redis_version"]).split(".")[:2]))
    if version < VERSION_MIN:
        return (
            f"{place} is version {facts['redis_version']}, and {_spelled(VERSION_MIN)} is needed."
        )
    return ""


def _spelled(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
