"""One member of each database leads, and the others follow it."""

from infra.leaders import followers, leader, leader_of, leaders, leads
from infra.plan.planning import plan_of
from infra.topology import load_topology


def test_of_each_database_one_member_leads_and_the_others_follow_it() -> None:
    plan = plan_of(load_topology())
    for database in plan.databases:
        assert [member for member in database.members if leads(member)] == [leader(database)]
        assert {leader(database), *followers(database)} == set(database.members)
        assert {leader_of(plan, member) for member in database.members} == {leader(database)}
    assert {member.name for member in leaders(plan.databases)} == {d.name for d in plan.databases}
