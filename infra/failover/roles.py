"""Finds the server behind a database's name while servers may change their roles.

The first name of a database means the member that leads now, and the other names mean those that
follow. So a caller that asks for the primary always reaches it. Without failover the names are the
servers.
"""

from infra.control.failures import SuiteFailure
from infra.failover.patroni import Standing, leading, standings_of
from infra.leaders import leads
from infra.plan.parts import Database, Member
from infra.suite import Suite


class NobodyLeads(ConnectionError):
    """No member of a database leads at the moment."""


def database_of(suite: Suite, member: Member) -> Database:
    """Return the database of a member."""
    return next(one for one in suite.plan.databases if one.name == member.database)


async def server_in_role(suite: Suite, member: Member) -> Member:
    """Return the server that has the role of this name now; raises NobodyLeads."""
    if suite.plan.failover is None:
        return member
    database = database_of(suite, member)
    first = leading(await standings_of(suite, database))
    if first is None:
        raise NobodyLeads(f"no member of {database.name} leads at the moment")
    return in_role(database, first, member)


def in_role(database: Database, first: Standing, member: Member) -> Member:
    """Return the server with the role of a member's name, if `first` leads."""
    if leads(member):
        return first.member
    rest = [one for one in database.members if one != first.member]
    return rest[member.index - 2]


def require_no_failover(suite: Suite, what: str) -> None:
    """Raise SuiteFailure for a command that replaces data, while Patroni decides who leads."""
    if suite.plan.failover is not None:
        raise SuiteFailure(
            f"{what} is not for a suite with failover, in which Patroni decides who leads: run"
            " `make up HA=0` first, and `make up HA=1` afterwards."
        )
