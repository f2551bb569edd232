"""A fresh Debian becomes a public service: installed, booted anew, scanned, and left again."""

import re
from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.infra.public_machine import (
    DOMAIN,
    GUEST4,
    MACHINE4,
    MACHINE6,
    Machine,
    booted_machine,
    lacking,
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()}"),
    # Debian, Python's packages and three starts of a whole suite.
    pytest.mark.timeout(3600),
]
_WITHIN_S = 300


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with booted_machine() as machine:
        done = machine.make("install")
        assert done.returncode == 0, done.stdout + done.stderr
        yield machine


def _answers(machine: Machine) -> None:
    for address in (MACHINE4, f"[{MACHINE6}]"):
        assert "HTTP/2 200" in machine.asked_by_guest(f"https://{DOMAIN}/docs", address), address


async def test_it_answers_over_tls_from_another_network(machine: Machine) -> None:
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)
    assert " 308 " in machine.asked_by_guest(f"http://{DOMAIN}/docs", MACHINE4)


async def test_each_process_is_a_unit_of_its_own(machine: Machine) -> None:
    running = machine.running_units()
    assert {"retrato-nginx-1.service", "retrato-postgres-users-a.service"} <= running
    assert len(running) > 30
    assert machine.make("status").returncode == 0


async def test_a_unit_that_is_killed_runs_again(machine: Machine) -> None:
    before = machine.pid_of("retrato-feed-1")
    machine.run("systemctl", "kill", "--signal=KILL", "retrato-feed-1")

    def runs() -> None:
        assert machine.pid_of("retrato-feed-1") not in {0, before}

    await eventually(runs, within_s=_WITHIN_S)


async def test_from_outside_only_ssh_and_the_public_ports_are_open(machine: Machine) -> None:
    assert machine.open_ports_for_guest() == {80, 443}


@pytest.mark.parametrize(
    ("account", "port", "may"),
    [
        ("retrato-gateway", ("3.1", 8000), True),
        ("retrato-gateway", ("13.1", 5432), False),
        ("retrato-users", ("13.1", 5432), True),
        ("retrato-users", ("14.1", 5432), False),
        ("www-data", ("2.1", 8000), True),
        ("www-data", ("13.1", 5432), False),
        ("nobody", ("1.1", 8080), True),
        ("nobody", ("3.1", 8000), False),
        ("root", ("13.1", 5432), True),
    ],
)
async def test_inside_an_account_reaches_what_the_plan_allows(
    machine: Machine, account: str, port: tuple[str, int], may: bool
) -> None:
    assert machine.connects(account, f"127.20.{port[0]}", port[1]) is may


async def test_an_account_of_the_suite_does_not_leave_the_machine(machine: Machine) -> None:
    with machine.guest_listens(8000):
        assert not machine.connects("retrato-upload-worker", GUEST4, 8000)
        assert machine.connects("root", GUEST4, 8000)


async def test_after_a_boot_all_of_it_starts_by_itself(machine: Machine) -> None:
    before = machine.running_units()
    machine.boot_again()
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)

    def same() -> None:
        assert machine.running_units() == before

    await eventually(same, within_s=_WITHIN_S)


async def test_the_doctor_says_what_is_right_and_what_is_not(machine: Machine) -> None:
    done = machine.make("doctor")
    # Nobody hears its alerts, and nobody keeps its clock.
    assert done.returncode != 0
    wrong = re.findall(r"^WRONG +(\w+)", done.stdout, re.MULTILINE)
    assert {"alerts", "backups"} <= set(wrong)
    assert not set(wrong) & {"disk", "firewall", "boot", "suite", "ports"}, done.stdout


async def test_the_certificate_of_a_public_name_can_be_asked_for(machine: Machine) -> None:
    assert machine.make("certificate").returncode == 0


async def test_uninstalled_nothing_runs_and_the_data_stays(machine: Machine) -> None:
    done = machine.make("uninstall")
    assert done.returncode == 0, done.stderr
    assert not machine.running_units()
    assert machine.run("nft", "list", "tables").stdout.strip() == ""
    assert machine.run("test", "-d", "/var/lib/retrato/data/postgres/users-a").returncode == 0
