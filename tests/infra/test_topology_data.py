"""What may be drawn of databases and Redises of somebody else; each fault is a sentence."""

from pathlib import Path

import pytest

from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, load_topology
from infra.topology_tables import TopologyError
from tests.infra.elsewhere.drawing import Somewhere, drawing

ELSEWHERE = Somewhere("db.example.com", Path("/etc/ssl/theirs.crt"))


def drawn(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Return a drawing upon somebody else's servers, with changes."""
    text = drawing(ELSEWHERE, TOPOLOGY_FILE.read_text(encoding="utf-8"))
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    file = tmp_path / "topology.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_nothing_of_ours_is_planned_where_somebody_else_runs_it(tmp_path: Path) -> None:
    plan = plan_of(load_topology(drawn(tmp_path), is_watched=True))
    kinds = {process.kind for process in plan.processes}
    assert not kinds & {"postgres", "redis", "dns"}
    assert not plan.databases
    assert not plan.own_redises
    assert not plan.backup.enabled
    assert not any(volume.name.startswith(("postgres-", "redis-")) for volume in plan.volumes)
    assert not any(".postgres." in name.host or ".redis." in name.host for name in plan.names)
    assert {one.name for one in plan.every_database} == {"users-a", "upload-a", "feed-a"}


def test_only_what_nothing_random_can_stand_for_must_be_given(tmp_path: Path) -> None:
    plan = plan_of(load_topology(drawn(tmp_path)))
    needed = {secret.name for secret in plan.secrets if secret.needed}
    owners = {f"postgres_{name}" for name in plan.groups}
    assert needed == owners | {f"redis_{name}" for name in plan.services}
    # upload has one role for everything.
    assert "postgres_upload_app" not in {secret.name for secret in plan.secrets}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('kind = "external"', 'kind = "elsewhere"'), "neither embedded nor external"),
        (('host = "db.example.com"', 'host = "db.example.com; DROP"'), "is no name"),
        (('host = "db.example.com"', 'host = ""'), "is no name"),
        (('host = "db.example.com"', "port = 70000\nhost = 'a'"), "is no port"),
        (('host = "db.example.com"', 'address = "3.1"'), "lacks 'host'"),
        (("rediss://db.example.com:6390/0", "redis://db.example.com:6390/0"), "needs TLS"),
        (("rediss://db.example.com:6390/0", "rediss://u:p@db.example.com:1/0"), "has a password"),
        (("rediss://db.example.com:6390/0", "rediss://db.example.com:6390/x"), "is no number"),
        (("rediss://db.example.com:6390/0", "rediss://db.example.com:6391/1"), "the same server"),
        (('"/etc/ssl/theirs.crt"', '"theirs.crt"'), "begins with /"),
        (("5399", "99999"), "has no port"),
        (('login = "upload"', "login = 'a\"b'"), "is no name"),
        (('zone = "internal"', 'zone = "internal; }"'), "is no name"),
        (("[nginx]\n", '[certificates]\nkind = "external"\n[nginx]\n'), "names no folder"),
    ],
)
def test_a_fault_of_the_drawing_is_a_sentence(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    with pytest.raises(TopologyError, match=says):
        load_topology(drawn(tmp_path, change))


def test_failover_is_refused_where_there_is_nothing_to_lead(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="somebody else runs every database"):
        load_topology(drawn(tmp_path), has_failover=True)
