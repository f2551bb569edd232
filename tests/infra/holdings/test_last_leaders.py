"""Of the members of a stopped database, the one that led last is found by its data."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.control.progress import Progress
from infra.control.shape import _give_back
from infra.holdings.last_leaders import last_leader
from infra.plan.planning import plan_of
from infra.programs import postgres_program
from infra.rendering.postgres import data_folder
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """A suite of which one database has the data of both members, which nobody has led."""
    root = tmp_path_factory.mktemp("led")
    # Not /tmp itself: only root could make files there afterwards.
    for folder in (root, *root.parents[:2]):
        folder.chmod(0o755)
    plan = plan_of(load_topology(has_failover=True))
    suite = Suite(plan, RunFolder(root), Path("/decoder/python"))
    account = account_for("postgres")
    for member in plan.databases[0].members:
        folder = data_folder(suite, member)
        folder.mkdir(parents=True)
        account.own(folder.parent, 0o700)
        account.own(folder, 0o700)
        _run([*account.command_prefix(root), postgres_program("initdb"), f"--pgdata={folder}"])
    return suite


def _run(command: list[str]) -> None:
    subprocess.run(
        [*command, "--no-sync", "--no-instructions", "--username=postgres"],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


def _marked(suite: Suite, follows: tuple[bool, bool], histories: tuple[int, int] = (0, 0)) -> None:
    for member, is_standby, timeline in zip(
        suite.plan.databases[0].members, follows, histories, strict=True
    ):
        folder = data_folder(suite, member)
        (folder / "standby.signal").unlink(missing_ok=True)
        for file in (folder / "pg_wal").glob("*.history"):
            file.unlink()
        if is_standby:
            (folder / "standby.signal").touch()
        if timeline:
            (folder / "pg_wal" / f"{timeline:08X}.history").touch()


@pytest.mark.parametrize(
    ("follows", "histories", "expected"),
    [
        ((False, True), (0, 0), 0),
        ((True, False), (0, 0), 1),
        # The first was killed, and the second promoted.
        ((False, False), (0, 2), 1),
        ((False, False), (3, 2), 0),
        # A follower may know of a later timeline than its data has reached.
        ((False, True), (2, 3), 0),
    ],
)
def test_who_led_last(
    made: Suite, follows: tuple[bool, bool], histories: tuple[int, int], expected: int
) -> None:
    _marked(made, follows, histories)
    database = made.plan.databases[0]
    assert last_leader(made, database) == database.members[expected]
    usual = replace(made, plan=plan_of(load_topology()))
    assert last_leader(usual, usual.plan.databases[0]).index == 1


def test_the_first_member_gets_the_data_of_the_last_leader_even_after_an_interruption(
    made: Suite,
) -> None:
    _marked(made, (True, False))
    database = made.plan.databases[0]
    first, second = (data_folder(made, member) for member in database.members)
    for folder in (first, second):
        (folder / "was").write_text(folder.name, encoding="ascii")
    _give_back(made, database, Progress(quiet=True))
    assert (first / "was").read_text(encoding="ascii") == second.name
    assert (second / "was").read_text(encoding="ascii") == first.name
    assert not (first / "standby.signal").exists()
    # Cut short after the first of the three steps, it goes on.
    (first / "standby.signal").touch()
    (second / "standby.signal").unlink()
    first.rename(first.with_name(f"{first.name}.for-{second.name}.giving-back"))
    _give_back(made, database, Progress(quiet=True))
    assert (first / "was").read_text(encoding="ascii") == first.name
    assert (second / "was").read_text(encoding="ascii") == second.name
