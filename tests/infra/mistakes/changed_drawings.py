"""The topology, the network or the run folder differs from that at the suite's creation."""

import re

from infra.topology import TOPOLOGY_FILE
from tests.infra.mistakes.stage import Stage


def redraw(stage: Stage, edits: dict[str, str]) -> None:
    """Replace these patterns in the topology for the commands of the situation."""
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    for pattern, replacement in edits.items():
        text, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        assert count == 1, pattern
    stage.topology = stage.folder.with_name(stage.folder.name + "-redrawn.toml")
    stage.topology.write_text(text, encoding="utf-8")
    stage.did(f"topology: {'; '.join(' '.join(new.split()) for new in edits.values())}")


NEW_RANGES = {r"\[0, 31\]": "[0, 15]", r"\[32, 63\]": "[16, 63]"}
SECOND_REPLICA = {r'"13.11" \}\]': '"13.11" }, { name = "users-a-replica-2", address = "13.21" }]'}


async def ranges_are_edited(stage: Stage) -> None:
    """ranges in the topology are edited"""
    redraw(stage, NEW_RANGES)
    stage.says(["plan-changes"], status=1, words=["not possible", "0 to 31 and not 0 to 15"])
    before = stage.mark()
    stage.says(["up"], status=1, words=["would have to be moved", "nothing was done"])
    if stage.mark() != before:
        stage.record.faults.append("something was changed")


async def ranges_are_edited_and_the_map_is_lost(stage: Stage) -> None:
    """ranges are edited, and shard map and ledger are lost"""
    redraw(stage, NEW_RANGES)
    (stage.folder / "data/shard_maps/users.json").unlink()
    (stage.folder / "ledger.json").unlink()
    stage.did("rm users.json ledger.json")
    stage.says(["up"], status=1, words=["0 to 31", "0 to 15"])


async def the_shard_count_is_edited(stage: Stage) -> None:
    """a shard count in the topology is edited"""
    redraw(stage, {r"shard_count = 64": "shard_count = 128", r"\[32, 63\]": "[32, 127]"})
    stage.says(["up"], status=1, words=["64 shards cannot become 128"])


async def a_primary_is_renamed(stage: Stage) -> None:
    """a primary is renamed in the topology"""
    redraw(stage, {r'name = "users-b"': 'name = "users-z"'})
    stage.says(["up"], status=1, words=["would be another primary"])


async def a_primary_is_removed(stage: Stage) -> None:
    """a primary is removed from the topology"""
    redraw(
        stage,
        {r'\[\[group.users.primary\]\]\nname = "users-b".*?\n\n': "\n", r"\[0, 31\]": "[0, 63]"},
    )
    stage.says(["up"], status=1, words=["users-b cannot be removed"])


async def a_primary_is_added(stage: Stage) -> None:
    """a primary is added to the topology"""
    third = '[[group.users.primary]]\nname = "users-c"\naddress = "13.3"\nshards = [60, 63]\n\n'
    redraw(stage, {r"\[32, 63\]": "[32, 59]", r"\[group.upload\]": third + "[group.upload]"})
    stage.says(["up"], status=1, words=["users-c cannot hold the shards 60 to 63"])


async def a_replica_is_added(stage: Stage) -> None:
    """a replica is added to the topology"""
    redraw(stage, SECOND_REPLICA)
    stage.says(["plan-changes"], status=0, words=["users-a-replica-2 is new"])
    await stage.comes_up()


async def a_replica_is_added_to_what_runs(stage: Stage) -> None:
    """a replica is added while the suite runs, then removed"""
    stage.infra("up")
    redraw(stage, SECOND_REPLICA)
    await stage.comes_up()
    stage.topology = None
    stage.did("topology as before")
    stage.says(["plan-changes"], status=0, words=["users-a-replica-2 is gone"])
    stage.says(["up"], status=0, words=["everything answers"])
    async with stage.suite().postgres("users-a") as connection:
        slots = await connection.fetch("SELECT slot_name FROM pg_replication_slots")
    if [row["slot_name"] for row in slots] != ["users_a_replica"]:
        stage.record.faults.append(f"slots: {slots}")


async def a_topology_that_is_broken(stage: Stage) -> None:
    """a bracket is missing in the topology"""
    redraw(stage, {r"\[group.users\]": "[group.users"})
    stage.says(["up"], status=1, words=["redrawn.toml", "line "])


async def the_network_is_another(stage: Stage) -> None:
    """RETRATO_NET is another one than the suite was made with"""
    own, stage.network = stage.network, "127.77"
    stage.did("RETRATO_NET=127.77")
    stage.says(["up"], status=1, words=["lives on", "127.77"])
    stage.network = own


async def the_network_file_is_lost(stage: Stage) -> None:
    """the file that names the network is lost, and the shell names another one"""
    (stage.folder / "network").unlink()
    own, stage.network = stage.network, "127.77"
    stage.did("rm network, RETRATO_NET=127.77")
    stage.says(["up"], status=1, words=["lives on", f"RETRATO_NET={own}"])
    stage.network = own


CHANGED_DRAWINGS = [
    ranges_are_edited,
    ranges_are_edited_and_the_map_is_lost,
    the_shard_count_is_edited,
    a_primary_is_renamed,
    a_primary_is_removed,
    a_primary_is_added,
    a_replica_is_added,
    a_replica_is_added_to_what_runs,
    a_topology_that_is_broken,
    the_network_is_another,
    the_network_file_is_lost,
]
