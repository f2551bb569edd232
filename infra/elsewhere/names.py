"""Checks that somebody else's name server knows the internal names."""

import asyncio

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.plan.parts import InternalName
from infra.suite import Suite
from shared.network.resolver import NameUnknown, Resolver


def resolver_of(suite: Suite) -> Resolver:
    """Return the resolver that the suite's processes have; the caller closes it."""
    dns = suite.plan.dns
    return Resolver(dns.servers, dns.asked_zone)


async def require_names(suite: Suite, progress: Progress) -> None:
    """Raise SuiteFailure unless each internal name has addresses as drawn, and no others."""
    if suite.plan.dns.embedded:
        return
    resolver = resolver_of(suite)
    try:
        found = await asyncio.gather(*(_fault(resolver, name) for name in suite.plan.names))
    finally:
        await resolver.close()
    if faults := [fault for fault in found if fault]:
        where = ", ".join(suite.plan.dns.servers) or "the operating system's resolver"
        raise SuiteFailure(
            "\n".join((f"The names of this suite are not as drawn at {where}:", *faults))
            + "\nWhoever runs that name server enters these addresses. Nothing was done."
        )
    progress.say(f"{len(suite.plan.names)} names are somebody else's and as drawn")


async def _fault(resolver: Resolver, name: InternalName) -> str:
    drawn = set(name.addresses)
    try:
        held = set(await resolver.addresses(name.host))
    except NameUnknown:
        held = set()
    # A name server that looks after replicas leaves out those that do not answer yet.
    if held and held <= drawn:
        return ""
    return f"  {name.host} is {_listed(held) or 'unknown'}, and should be {_listed(drawn)}"


def _listed(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses))
