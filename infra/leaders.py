"""Which member of a database leads on this machine: the first, since a promotion moves folders."""

from collections.abc import Iterable

from infra.plan.parts import Database, Member, Plan


def leads(member: Member) -> bool:
    """Whether it is the primary; the others follow it."""
    return member.index == 1


def leader(database: Database) -> Member:
    """The primary; it bears the database's name."""
    return database.members[0]


def followers(database: Database) -> tuple[Member, ...]:
    """The replicas."""
    return database.members[1:]


def leaders(databases: Iterable[Database]) -> tuple[Member, ...]:
    """The primaries of the databases, in their order."""
    return tuple(leader(database) for database in databases)


def leader_of(plan: Plan, member: Member) -> Member:
    """The primary of the database that the member belongs to."""
    return next(leader(one) for one in plan.databases if one.name == member.database)
