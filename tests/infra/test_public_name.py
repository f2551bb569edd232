"""The public name as drawn: what is refused, and what follows from it in the plan."""

from pathlib import Path

import pytest

from infra.plan.figures import Public
from infra.plan.planning import plan_of
from infra.public_name import public_of
from infra.topology import TOPOLOGY_FILE, load_topology
from infra.topology_tables import TopologyError

DRAWN = '\n[public]\ndomain = "photos.example.org"\nacme_email = "you@example.org"\n'


def _with_public(folder: Path, more: str = "") -> Path:
    file = folder / "topology.toml"
    file.write_text(TOPOLOGY_FILE.read_text(encoding="utf-8") + DRAWN + more, encoding="utf-8")
    return file


def test_without_the_table_nothing_listens_beyond_this_machine() -> None:
    plan = plan_of(load_topology())
    assert plan.public is None
    assert all(address.startswith("127.") for address, _port in plan.endpoints)


def test_both_balancers_listen_at_all_public_addresses_and_links_begin_with_https(
    tmp_path: Path,
) -> None:
    plan = plan_of(load_topology(_with_public(tmp_path)))
    assert plan.public_url == "https://photos.example.org"
    balancers = [process for process in plan.processes if process.kind == "nginx"]
    expected = {(address, port) for address in ("0.0.0.0", "::") for port in (80, 443)}
    assert len(balancers) == 2
    assert all(expected <= set(balancer.endpoints) for balancer in balancers)
    others = [process for process in plan.processes if process.kind != "nginx"]
    assert not [one for one in others if expected & set(one.endpoints)]


def test_a_second_suite_of_the_checkout_does_not_answer_for_the_name(tmp_path: Path) -> None:
    assert load_topology(_with_public(tmp_path), network="127.99").public is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"domain": "https://photos.example.org"}, "is no name such as"),
        ({"domain": "photos.example.org:443"}, "is no name such as"),
        ({"domain": "Photos.example.org"}, "small letters"),
        ({"domain": "localhost"}, "is no name such as"),
        ({"domain": "203.0.113.7"}, "is no name such as"),
        ({"domain": "a..b.org"}, "is no name such as"),
        ({"domain": "x" * 64 + ".org"}, "is no name such as"),
        ({"domain": "a.org", "certificate": "letsencrypt"}, "one of acme, files, none"),
        ({"domain": "a.org", "addresses": []}, "nobody could reach"),
        ({"domain": "a.org", "addresses": ["a.org"]}, "does not appear to be"),
        ({"domain": "a.org", "certificate": "acme"}, "no address, which"),
        ({"domain": "a.org", "acme_directory": "http://a.org/"}, "no https:// address"),
        ({"domain": "a.org", "certificate": "files"}, "not a whole path"),
        ({"domain": "a.org", "port": 8080}, "public.port is not known"),
        *(
            ({"domain": "a.org", "certificate": "none", "ssh_port": port}, "public.ssh_port")
            for port in (0, -1, 65_536, "22", True, 22.0, 80, 443)
        ),
    ],
)
def test_what_cannot_be_a_public_name_is_refused_with_a_sentence(
    table: dict[str, object], said: str
) -> None:
    with pytest.raises(TopologyError, match=said):
        public_of(table)


def test_addresses_are_kept_in_one_spelling() -> None:
    table = {"domain": "a.org", "addresses": ["2001:DB8::0007", "192.0.2.1"], "certificate": "none"}
    drawn = public_of(table)
    assert drawn == Public("a.org", ("2001:db8::7", "192.0.2.1"), certificate="none")
