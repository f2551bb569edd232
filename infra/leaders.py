"""The first member of a database leads on this machine, because a promotion moves folders."""

from collections.abc import Iterable

from infra.plan.parts import Database, Member, Plan


def leads(member: Member) -> bool:
    """Whether the member is the primary."""
    return member.index == 1


def leader(database: Database) -> Member:
    """Return the primary, which has the database's name."""
    return database.members[0]


def followers(database: Database) -> tuple[Member, ...]:
    """Return the replicas."""
    return database.members[1:]


def leaders(databases: Iterable[Database]) -> tuple[Member, ...]:
    """Return the primaries in the order of the databases."""
    return tuple(leader(database) for database in databases)


def leader_of(plan: Plan, member: Member) -> Member:
    """Return the primary of a member's database."""
    return next(leader(one) for one in plan.databases if one.name == member.database)
