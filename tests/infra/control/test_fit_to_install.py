"""An installation refuses what would lose data, faults or its operator, and says what to do."""

import socket
from dataclasses import replace
from os import getpid

import pytest

from infra.control.fit_to_install import hindrances, ports_of_ssh
from infra.control.ports import listening_ports_of
from infra.plan.figures import Public
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.topology import load_topology
from infra.topology_checks import check_watch
from infra.topology_tables import TopologyError


def _plan(
    *,
    backups: bool = True,
    webhook: str = "https://alerts.example.org",
    mail_to: str = "",
    watched: bool = True,
    unheard: bool = False,
    ssh_port: int = 22,
) -> Plan:
    drawn = load_topology(is_watched=True)
    assert drawn.watch is not None
    mail = replace(drawn.watch.mail, to=mail_to)
    watch = replace(drawn.watch, webhook=webhook, mail=mail, unheard=unheard)
    public = Public("photos.example.org", acme_email="you@example.org", ssh_port=ssh_port)
    return plan_of(
        replace(
            drawn,
            public=public,
            backup=replace(drawn.backup, enabled=backups),
            watch=watch if watched else None,
            automation=drawn.automation if watched else None,
        )
    )


@pytest.mark.parametrize(
    ("plan", "drawn", "ssh_ports", "said"),
    [
        (_plan(), _plan(), {22}, []),
        (_plan(), _plan(), set(), []),
        (_plan(webhook="", mail_to="you@example.org"), _plan(webhook="", mail_to="a@b"), {22}, []),
        (_plan(webhook=""), _plan(webhook=""), {22}, ["alerts.mail"]),
        (_plan(webhook="", unheard=True), _plan(webhook="", unheard=True), {22}, []),
        (_plan(watched=False), _plan(), {22}, ["make install WATCH=1"]),
        (_plan(watched=False), _plan(unheard=True), {22}, []),
        (_plan(backups=False), _plan(), {22}, ["make install BACKUPS=on"]),
        (_plan(backups=False), _plan(backups=False), {22}, []),
        (_plan(), _plan(), {2222}, ["ssh_port = 2222"]),
        (_plan(), _plan(), {22, 2222}, []),
        (_plan(ssh_port=2222), _plan(ssh_port=2222), {2222}, []),
        (
            _plan(backups=False, watched=False),
            _plan(webhook=""),
            {2022},
            ["BACKUPS=on", "WATCH=1", "ssh_port = 2022"],
        ),
    ],
)
def test_each_hindrance_has_a_sentence_that_says_what_to_do(
    plan: Plan, drawn: Plan, ssh_ports: set[int], said: list[str]
) -> None:
    found = hindrances(plan, drawn, ssh_ports)
    assert len(found) == len(said)
    assert all(word in sentence for word, sentence in zip(said, found, strict=True))


def test_the_port_of_this_session_counts_although_no_server_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "198.51.100.7 50022 192.0.2.2 2022")
    assert 2022 in ports_of_ssh()


def test_the_ports_of_a_process_are_those_at_which_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert port in listening_ports_of({getpid()})
        assert port not in listening_ports_of({1 if getpid() != 1 else 2})


def test_whether_alerts_may_be_unheard_is_true_or_false() -> None:
    watch = _plan().watch
    assert watch is not None
    with pytest.raises(TopologyError, match=r"alerts\.unheard"):
        check_watch(replace(watch, unheard="no"))  # type: ignore[arg-type]
