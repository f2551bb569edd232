"""Rotated passwords of the databases' roles: the former ones end, also after an interruption."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from infra.control import database_rotation
from infra.control.database_rotation import (
    rotate_database_roles,
    rotate_replication,
    rotate_superuser,
)
from infra.control.postgres_roles import set_role
from infra.control.progress import Progress
from infra.json_files import read_json
from infra.plan.database_roles import REPLICATION_ROLE
from infra.plan.parts import Member
from infra.secret_values import NEXT, PREVIOUS, SUPERUSER, lineage_of
from tests.eventually import eventually
from tests.suite import Suite

GROUP = "feed"
QUIET = Progress(quiet=True)
REFUSED = asyncpg.InvalidAuthorizationSpecificationError


class Interrupted(Exception):
    """Stands for the end of the command's process."""


def _values(suite: Suite) -> dict[str, str]:
    return read_json(suite.on_disk.folder.secrets_file)


def _members(suite: Suite, group: str) -> tuple[Member, ...]:
    return suite.plan.groups[group].members


@asynccontextmanager
async def _logged_in(
    suite: Suite,
    node: Member,
    login: tuple[str, str],
    *,
    database: str = GROUP,
    replication: bool = False,
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    user, password = login
    connection = await asyncpg.connect(
        host=node.address,
        port=node.port,
        user=user,
        password=password,
        database=database,
        ssl=ssl.create_default_context(cafile=str(suite.ca_file)),
        server_settings={"replication": "true"} if replication else {},
    )
    try:
        yield connection
    finally:
        connection.terminate()


def _login(suite: Suite) -> tuple[str, str]:
    env = suite.env(GROUP)
    return env["FEED_POSTGRES_USER"], env["FEED_POSTGRES_PASSWORD"]


async def _is_refused(suite: Suite, node: Member, login: tuple[str, str]) -> bool:
    try:
        async with _logged_in(suite, node, login):
            return False
    except REFUSED:
        return True


async def test_the_former_login_and_its_sessions_end_on_every_server(data_suite: Suite) -> None:
    before, owner = _login(data_suite), (GROUP, _values(data_suite)[f"postgres_{GROUP}"])
    replica = _members(data_suite, GROUP)[-1]
    async with _logged_in(data_suite, replica, before) as kept:
        await rotate_database_roles(data_suite.opened(), GROUP, QUIET)

        def is_ended() -> None:
            assert kept.is_closed()

        await eventually(is_ended)
    after = _login(data_suite)
    assert before[0] != after[0]
    for node in _members(data_suite, GROUP):
        assert await _is_refused(data_suite, node, before), node.name
        assert await _is_refused(data_suite, node, owner), node.name
        assert not await _is_refused(data_suite, node, after), node.name


@pytest.mark.parametrize(
    "step",
    [
        "roll",
        *(
            pytest.param(step, marks=pytest.mark.long)
            for step in ("_prepare_all", "_wait_replayed", "_end_sessions")
        ),
    ],
)
async def test_a_rotation_that_was_interrupted_is_finished(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = _login(data_suite)

    async def interrupted(*_arguments: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(database_rotation, step, interrupted)
        with pytest.raises(Interrupted):
            await rotate_database_roles(data_suite.opened(), GROUP, QUIET)
    begun = _values(data_suite)
    primary = _members(data_suite, GROUP)[0]
    # A process that has not restarted yet goes on with what it was given.
    if step != "_end_sessions":
        assert not await _is_refused(data_suite, primary, before)
    await rotate_database_roles(data_suite.opened(), GROUP, QUIET)
    assert await _is_refused(data_suite, primary, before)
    assert not await _is_refused(data_suite, primary, _login(data_suite))
    if step != "_end_sessions":
        assert _values(data_suite) == begun


async def test_replicas_follow_with_a_new_password(data_suite: Suite) -> None:
    before = _values(data_suite)["postgres_replication"]
    await rotate_replication(data_suite.opened(), QUIET)
    for database in data_suite.plan.databases:
        with pytest.raises(REFUSED):
            async with _logged_in(
                data_suite,
                data_suite.plan.member(database.name),
                (REPLICATION_ROLE, before),
                replication=True,
            ):
                pass


async def test_the_superuser_has_a_new_password_even_after_an_interruption(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _values(data_suite)
    done: list[str] = []

    async def some(connection: object, name: str, attributes: str, password: str) -> None:
        if len(done) == 2:
            raise Interrupted
        done.append(name)
        await set_role(connection, name, attributes, password)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(database_rotation, "set_role", some)
        with pytest.raises(Interrupted):
            await rotate_superuser(data_suite.opened(), QUIET)
    begun = _values(data_suite)
    assert begun[SUPERUSER] == before[SUPERUSER]
    # A start neither fails nor takes the file for another suite's.
    data_suite.bring_up(data_only=True)
    await rotate_superuser(data_suite.opened(), QUIET)
    after = _values(data_suite)
    assert after[SUPERUSER] == begun[SUPERUSER + NEXT]
    assert {SUPERUSER + NEXT, SUPERUSER + PREVIOUS}.isdisjoint(after)
    assert lineage_of(after) == lineage_of(before)
    for database in data_suite.plan.databases:
        node = data_suite.plan.member(database.name)
        login = ("postgres", before[SUPERUSER])
        with pytest.raises(REFUSED):
            async with _logged_in(data_suite, node, login, database="postgres"):
                pass
