"""A fresh Debian becomes a public service: installed, booted anew, scanned, and left again.

The tests are steps of one walk, in the order of an operator's days.
"""

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

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
from tests.infra.public_neighbour import STORE_KEYS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {lacking()}"),
    # Debian, Python's packages and three starts of a whole suite.
    pytest.mark.timeout(3600),
]
_WITHIN_S = 600
_SECRETS = "/var/lib/retrato/secrets.json"
_PEOPLE = {"username": "alice", "email": "alice@example.com", "password": "correct horse 12"}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with booted_machine() as machine:
        _refused_until_the_keys_are_there(machine)
        done = machine.make("install")
        assert done.returncode == 0, done.stdout + done.stderr
        yield machine


def _refused_until_the_keys_are_there(machine: Machine) -> None:
    done = machine.make("install")
    assert done.returncode != 0
    assert "backup_access_key, backup_secret_key" in done.stderr
    assert not machine.running_units()
    file = machine.file(_SECRETS)
    names = ("backup_access_key", "backup_secret_key")
    assert json.loads(file.read_text(encoding="utf-8")) == dict.fromkeys(names, "")
    file.write_text(json.dumps(dict(zip(names, STORE_KEYS, strict=True))), encoding="utf-8")


def _answers(machine: Machine) -> None:
    for address in (MACHINE4, f"[{MACHINE6}]"):
        assert "HTTP/2 200" in machine.asked_by_guest(f"https://{DOMAIN}/docs", address), address


def _all_is_well(machine: Machine) -> None:
    done = machine.make("status")
    assert done.returncode == 0, done.stdout


async def test_it_answers_over_tls_with_a_certificate_that_nobody_asked_for(
    machine: Machine,
) -> None:
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)
    assert " 308 " in machine.asked_by_guest(f"http://{DOMAIN}/docs", MACHINE4)


async def test_each_process_is_a_unit_of_its_own(machine: Machine) -> None:
    running = machine.running_units()
    assert {"retrato-nginx-1.service", "retrato-postgres-users-a.service"} <= running
    assert len(running) > 30
    await eventually(lambda: _all_is_well(machine), within_s=_WITHIN_S)


async def test_somebody_signs_up_from_outside(machine: Machine) -> None:
    said = machine.sent_by_guest("/v1/users", {**_PEOPLE, "device": "phone"})
    assert said["user"]["username"] == "alice"


async def test_a_unit_that_is_killed_runs_again(machine: Machine) -> None:
    before = machine.pid_of("retrato-feed-1")
    machine.run("systemctl", "kill", "--signal=KILL", "retrato-feed-1")
    await eventually(lambda: _runs_anew(machine, "retrato-feed-1", before), within_s=_WITHIN_S)


async def test_a_unit_that_hangs_is_restarted_by_automation(machine: Machine) -> None:
    await eventually(lambda: _all_is_well(machine), within_s=_WITHIN_S)
    before = machine.pid_of("retrato-users-2")
    machine.run("systemctl", "kill", "--signal=STOP", "retrato-users-2")
    await eventually(lambda: _runs_anew(machine, "retrato-users-2", before), within_s=_WITHIN_S)


def _runs_anew(machine: Machine, unit: str, before: int) -> None:
    assert machine.pid_of(unit) not in {0, before}


async def test_the_parts_restart_and_scale_while_they_serve(machine: Machine) -> None:
    await eventually(lambda: _all_is_well(machine), within_s=_WITHIN_S)
    for words in (
        ("restart", "S=feed"),
        # A new process has an address that the firewall did not know.
        ("scale", "S=feed", "N=3"),
    ):
        done = machine.make(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "retrato-feed-3.service" in machine.running_units()
    _require_the_plan(_scan(machine))
    done = machine.make("scale", "S=feed", "N=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "retrato-feed-3.service" not in machine.running_units()
    assert not machine.file("/etc/systemd/system/retrato-feed-3.service").exists()


async def test_a_large_log_is_put_aside_by_the_timer(machine: Machine) -> None:
    log = machine.file("/var/lib/retrato/log/redis-feed.log")
    with log.open("ab") as file:
        file.truncate(100_000_000)
    aside = log.with_name(f"{log.name}.1")
    assert not aside.exists()
    # The timer's unit is what the timer starts; the hour is the only thing that is not waited for.
    assert machine.run("systemctl", "is-active", "retrato-logs.timer").stdout.strip() == "active"
    machine.run("systemctl", "start", "retrato-logs.service")
    assert aside.exists()
    assert log.stat().st_size < 100_000_000


async def test_from_outside_only_ssh_and_the_public_ports_are_open(machine: Machine) -> None:
    for address in (MACHINE4, MACHINE6):
        found = machine.open_ports_for_guest(address)
        sys.stdout.write(f"{address} from outside, ports 1 to 65535: {sorted(found)}\n")
        assert found == {80, 443}


async def test_inside_an_account_reaches_what_the_plan_allows(machine: Machine) -> None:
    _require_the_plan(_scan(machine))


def _scan(machine: Machine) -> list[dict[str, Any]]:
    words = ("env", "--chdir=/opt/retrato", "PYTHONPATH=.", ".run/venv/bin/python")
    done = machine.run(*words, "-m", "tests.infra.public_scan")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _require_the_plan(rows: list[dict[str, Any]]) -> None:
    """Print which parts each account reaches; all of it is as the plan says, both ways."""
    reached: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        reached[row["account"]] |= {row["part"]} if row["can"] else set()
    for account, parts in sorted(reached.items()):
        sys.stdout.write(f"{account:28} {', '.join(sorted(parts))}\n")
    assert len(reached) > 20
    assert [row for row in rows if row["may"] != row["can"]] == []


async def test_an_account_of_the_suite_does_not_leave_the_machine(machine: Machine) -> None:
    with machine.guest_listens(8000):
        assert not machine.connects("retrato-upload-worker", GUEST4, 8000)
        assert machine.connects("root", GUEST4, 8000)


async def test_a_certificate_near_its_end_is_renewed_by_nobody(machine: Machine) -> None:
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)
    first = machine.serial_for_guest()
    machine.neighbour.sign_for(hours=0.1)
    assert machine.make("certificate").returncode == 0

    def shows_another(than: str) -> None:
        assert machine.serial_for_guest() not in {"", than}

    await eventually(lambda: shows_another(first), within_s=_WITHIN_S)
    short = machine.serial_for_guest()
    machine.neighbour.sign_for(hours=24 * 90)
    # The attempt was a moment ago, for which the caretaker would wait.
    os.utime(machine.file("/var/lib/retrato/public/tried"), (0, 0))

    def shows_a_trusted_one() -> None:
        shows_another(short)
        # By the authority of now; our own certificate stands in for one that has ended.
        _answers(machine)

    await eventually(shows_a_trusted_one, within_s=_WITHIN_S)


async def test_after_a_power_cut_all_of_it_starts_by_itself(machine: Machine) -> None:
    await eventually(lambda: _all_is_well(machine), within_s=_WITHIN_S)
    before = machine.running_units()
    machine.boot_again()
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)

    def same() -> None:
        assert machine.running_units() == before

    await eventually(same, within_s=_WITHIN_S)
    await eventually(lambda: _all_is_well(machine), within_s=_WITHIN_S)
    login = {"login": "alice", "password": _PEOPLE["password"], "device": "phone"}
    assert machine.sent_by_guest("/v1/sessions", login)["user"]["username"] == "alice"
    _require_the_plan(_scan(machine))
    # The journal of a boot is open to more people than the file of secrets.
    password = json.loads(machine.file(_SECRETS).read_text(encoding="utf-8"))["ops_password"]
    said = machine.run("journalctl", "--no-pager", "--unit=retrato-boot").stdout
    assert "everything answers" in said
    assert password not in said


async def test_the_doctor_says_what_is_right_and_what_is_not(machine: Machine) -> None:
    def only_the_clock() -> None:
        done = machine.make("doctor")
        wrong = re.findall(r"^WRONG +(\w+)", done.stdout, re.MULTILINE)
        # Nobody keeps the clock of this machine, which it shares with its host.
        assert set(wrong) <= {"clock"}, done.stdout

    await eventually(only_the_clock, within_s=_WITHIN_S)


async def test_uninstalled_nothing_is_left_but_the_data(machine: Machine) -> None:
    done = machine.make("uninstall")
    assert done.returncode == 0, done.stderr
    _nothing_is_left(machine)
    assert machine.run("test", "-d", "/var/lib/retrato/data/postgres/users-a").returncode == 0


def _nothing_is_left(machine: Machine) -> None:
    assert not machine.running_units()
    assert machine.run("nft", "list", "tables").stdout.strip() == ""
    units = machine.file("/etc/systemd/system")
    assert not [*units.glob("retrato*"), *units.glob("*.wants/retrato*")]
    assert "retrato" not in machine.run("systemctl", "list-units", "--all", "--no-legend").stdout
    marked = "grep -lsz RETRATO_SUPERVISED_IN /proc/[0-9]*/environ || true"
    assert machine.run("sh", "-c", marked).stdout.strip() == ""


async def test_installed_again_the_data_is_there_and_goes_when_that_is_asked(
    machine: Machine,
) -> None:
    done = machine.make("install")
    assert done.returncode == 0, done.stdout + done.stderr
    await eventually(lambda: _answers(machine), within_s=_WITHIN_S)
    login = {"login": "alice", "password": _PEOPLE["password"], "device": "phone"}
    assert machine.sent_by_guest("/v1/sessions", login)["user"]["username"] == "alice"
    done = machine.make("uninstall", "DATA=1")
    assert done.returncode == 0, done.stderr
    _nothing_is_left(machine)
    left = {path.name for path in machine.file("/var/lib/retrato").iterdir()}
    assert {name for name in left if not name.startswith("venv")} <= {"lock"}, left
