"""Compares the topology with the applied one: changes, and how each is applied; no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from infra.holdings.ledger import DrawnGroup, DrawnPrimary
from infra.leaders import followers, leader
from infra.plan.parts import Member, Plan, ShardGroup


class When(Enum):
    """When a change is applied, if at all."""

    NOW = "applied now"
    RESTART = "applied by a rolling restart"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, with a sentence about it."""

    when: When
    sentence: str


def drawn_groups(plan: Plan) -> dict[str, DrawnGroup]:
    """Return the part of the topology that the ledger keeps as applied."""
    return {name: _drawn(group) for name, group in plan.groups.items()}


def _drawn(group: ShardGroup) -> DrawnGroup:
    return DrawnGroup(
        shard_count=group.shard_count,
        primaries={
            database.name: DrawnPrimary(
                first_shard=database.first_shard,
                last_shard=database.last_shard,
                address=_place(leader(database)),
                replicas={
                    # Whoever runs servers elsewhere also copies them.
                    replica.name: replica.address
                    for replica in followers(database)
                    if group.is_ours
                },
            )
            for database in group.databases
        },
    )


def _place(member: Member) -> str:
    return member.address or f"{member.host}:{member.port}"


def topology_changes(
    applied: Mapping[str, DrawnGroup], drawn: Mapping[str, DrawnGroup]
) -> list[Change]:
    """Return what has changed since the topology was last applied."""
    changes: list[Change] = []
    for name in applied:
        if name not in drawn:
            sentence = f"group {name} is gone from the topology, and its databases are still here"
            changes.append(Change(When.NOT_POSSIBLE, sentence))
        else:
            changes += _of_group(name, applied[name], drawn[name])
    changes += [
        Change(When.NOW, f"group {name} is new: its databases are made")
        for name in drawn
        if name not in applied
    ]
    return changes


def impossible(changes: list[Change]) -> list[Change]:
    """Return the changes that forbid a start."""
    return [change for change in changes if change.when is When.NOT_POSSIBLE]


def _of_group(name: str, applied: DrawnGroup, drawn: DrawnGroup) -> Iterator[Change]:
    if drawn.shard_count != applied.shard_count:
        yield Change(
            When.NOT_POSSIBLE,
            f"group {name}: {applied.shard_count} shards cannot become {drawn.shard_count}, which"
            " needs each shard to be split; the number is fixed when the group is made",
        )
    gone = [primary for primary in applied.primaries if primary not in drawn.primaries]
    added = [primary for primary in drawn.primaries if primary not in applied.primaries]
    yield from _of_gone_and_added(name, applied, drawn, gone, added)
    for primary, before in applied.primaries.items():
        if primary in drawn.primaries:
            yield from _of_primary(primary, before, drawn.primaries[primary])


def _of_gone_and_added(
    name: str, applied: DrawnGroup, drawn: DrawnGroup, gone: list[str], added: list[str]
) -> Iterator[Change]:
    for primary in gone:
        held = _range(applied.primaries[primary])
        twin = [other for other in added if _range(drawn.primaries[other]) == held]
        if twin:
            yield Change(
                When.NOT_POSSIBLE,
                f"group {name}: {primary} cannot be renamed to {twin[0]}: {twin[0]} would be"
                f" another primary, and {primary} holds the shards {held}",
            )
            added = [other for other in added if other != twin[0]]
        else:
            yield Change(
                When.NOT_POSSIBLE,
                f"group {name}: {primary} cannot be removed, because it holds the shards {held};"
                " they would have to be moved first",
            )
    for primary in added:
        yield Change(
            When.NOT_POSSIBLE,
            f"group {name}: {primary} cannot hold the shards {_range(drawn.primaries[primary])},"
            " because other primaries hold them; they would have to be moved to it",
        )


def _of_primary(name: str, before: DrawnPrimary, after: DrawnPrimary) -> Iterator[Change]:
    if _range(before) != _range(after):
        yield Change(
            When.NOT_POSSIBLE,
            f"{name} holds the shards {_range(before)} and not {_range(after)}: a range in the"
            " topology counts at the first start only, later its shards would have to be moved",
        )
    if before.address != after.address:
        yield Change(When.RESTART, f"{name} moves from {before.address} to {after.address}")
    for replica, address in after.replicas.items():
        if replica not in before.replicas:
            yield Change(When.NOW, f"{replica} is new: it is copied from {name}")
        elif before.replicas[replica] != address:
            sentence = f"{replica} moves from {before.replicas[replica]} to {address}"
            yield Change(When.RESTART, sentence)
    for replica in before.replicas:
        if replica not in after.replicas:
            yield Change(
                When.NOW,
                f"{replica} is gone: it is stopped, its slot on {name} dropped; its folder stays",
            )


def _range(primary: DrawnPrimary) -> str:
    return f"{primary.first_shard} to {primary.last_shard}"
