"""A rotation may be cut short anywhere, and everybody still takes what everybody else uses."""

import itertools
import json
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis.asyncio
import redis.exceptions

from infra.control import rotation
from infra.control.failures import SuiteFailure
from infra.control.other_rotations import other_ways, why_kept
from infra.control.progress import Progress
from infra.control.redis_users import end_connections_of, tell_redis_users
from infra.control.replaceable import (
    READ_ONCE,
    SESSION_S,
    Replaceable,
    names_meant,
    replaceables,
)
from infra.control.rotation import begin_rotation, end_rotation, ends_of, go_on_with_rotation
from infra.holdings.gathering import look_at_secrets
from infra.holdings.ledger import new_ledger
from infra.plan.figures import Mail, SecondBucket
from infra.plan.planning import plan_of
from infra.plan.secret_names import FOR_OPERATORS
from infra.processes import processes_of
from infra.rendering.differences import files_of
from infra.rendering.everything import render_everything
from infra.rendering.redis import render_redis
from infra.run_folder import RunFolder
from infra.secret_values import NEXT, PREVIOUS, UNTIL, change_secrets, open_secrets
from infra.suite import Suite as OnDisk
from infra.topology import Topology, load_topology
from services.users.domain.sessions import REFRESH_LIFETIME
from tests.suite import Suite

SECRET = "media_token"
QUIET = Progress(quiet=True)
# These read the file again by themselves, or are rolled as what they are.
_TOLD = {
    FOR_OPERATORS: {"prometheus"},
    "s3_access_key": {"store"},
    "s3_secret_key": {"store"},
}
CHECKERS, USERS = ("checker-1", "checker-2"), ("user-1", "user-2")


class Killed(Exception):
    """The command was killed."""


class World:
    """Two processes that use a secret and two that check it; each has read the file once."""

    def __init__(self, suite: OnDisk, order: tuple[str, ...], killed_at: int) -> None:
        self._file = suite.folder.secrets_file
        self._order = order
        self._left = killed_at
        self._uses: dict[str, str] = {}
        self._accepts: dict[str, tuple[str, ...]] = {}
        for name in order:
            self._restart(name)

    async def give_out(
        self, _suite: OnDisk, _secrets: Collection[Replaceable], _progress: Progress
    ) -> None:
        for name in self._order:
            self._left -= 1
            if self._left == 0:
                raise Killed
            self._restart(name)
            for used, accepted in itertools.product(self._uses.values(), self._accepts.values()):
                assert used in accepted, name

    def _restart(self, name: str) -> None:
        values = open_secrets(self._file, PLAN)
        if name in USERS:
            self._uses[name] = values[SECRET]
        else:
            self._accepts[name] = values.accepted(SECRET)

    @property
    def was_killed(self) -> bool:
        return self._left <= 0

    @property
    def all_values(self) -> set[str]:
        return {*self._uses.values(), *itertools.chain(*self._accepts.values())}


PLAN = plan_of(load_topology(network="127.99"))
ORDERS = list(itertools.permutations((*CHECKERS, *USERS)))


@pytest.fixture
def on_disk(tmp_path: Path) -> OnDisk:
    suite = OnDisk(PLAN, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    open_secrets(suite.folder.secrets_file, PLAN)
    return suite


@pytest.fixture(autouse=True)
def no_requests_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.control.replaceable._UNDER_WAY_S", 0.0)


async def _rotate(suite: OnDisk, name: str = SECRET, *, now: bool = False) -> None:
    await begin_rotation(suite, [name], {}, QUIET, now=now)
    await end_rotation(suite, QUIET)


@pytest.mark.parametrize("by_a_start", [False, True], ids=["same command", "start"])
async def test_a_rotation_cut_short_anywhere_is_taken_up(
    on_disk: OnDisk, monkeypatch: pytest.MonkeyPatch, by_a_start: bool
) -> None:
    file = on_disk.folder.secrets_file
    # Three steps of four processes: killed before each of them, or never.
    for order, killed_at in itertools.product(ORDERS[::11], range(1, 14)):
        former = open_secrets(file, PLAN)[SECRET]
        world = World(on_disk, order, killed_at)
        monkeypatch.setattr(rotation, "_give_out", world.give_out)
        try:
            await _rotate(on_disk)
        except Killed:
            await (go_on_with_rotation(on_disk, QUIET) if by_a_start else _rotate(on_disk))
        assert world.was_killed == (killed_at < 13)
        values = json.loads(file.read_text(encoding="utf-8"))
        assert world.all_values == {values[SECRET]}
        assert values[SECRET] != former
        assert not any(key.endswith((NEXT, PREVIOUS, UNTIL)) for key in values)


@pytest.fixture
def nobody_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def give_out(
        _suite: OnDisk, _secrets: Collection[Replaceable], _progress: Progress
    ) -> None:
        pass

    monkeypatch.setattr(rotation, "_give_out", give_out)


@pytest.mark.usefixtures("nobody_restarts")
async def test_keys_of_sessions_live_as_long_as_a_session(on_disk: OnDisk) -> None:
    file, name = on_disk.folder.secrets_file, "session_token_key"
    first = open_secrets(file, PLAN)[name]
    await _rotate(on_disk, name)
    await _rotate(on_disk, name)
    assert open_secrets(file, PLAN).accepted(name)[2] == first
    assert ends_of(on_disk)[name] > time.time() + SESSION_S - 60
    assert REFRESH_LIFETIME.total_seconds() == SESSION_S
    await _rotate(on_disk, name, now=True)
    assert open_secrets(file, PLAN).others(name) == ()


@pytest.mark.usefixtures("nobody_restarts")
async def test_former_keys_are_bounded(on_disk: OnDisk) -> None:
    for _ in range(rotation.FORMER_VALUES_MAX):
        await _rotate(on_disk, "session_token_key")
    with pytest.raises(SuiteFailure, match="NOW=1"):
        await _rotate(on_disk, "session_token_key")


@pytest.mark.usefixtures("nobody_restarts")
async def test_the_ledger_knows_a_replaced_secret(on_disk: OnDisk) -> None:
    file, ledger = on_disk.folder.secrets_file, new_ledger("127.99")
    before = look_at_secrets(file, ledger).fingerprints
    await _rotate(on_disk, "session_token_key")
    after = look_at_secrets(file, ledger)
    assert before.keys() == after.fingerprints.keys()
    assert before["session_token_key"] in after.former["session_token_key"]


def test_every_file_of_a_secret_has_both_values_while_it_is_replaced(on_disk: OnDisk) -> None:
    """By the text alone: a value of the file, or its digest for Redis."""
    names = list(replaceables(PLAN))
    offered = {name + NEXT: f"next-of-{name}" for name in names}
    change_secrets(on_disk.folder.secrets_file, lambda values: values.update(offered))
    processes = processes_of(on_disk)
    render_everything(on_disk, processes)
    texts = {
        one.name: "".join(file.read_text(encoding="utf-8") for file in files_of(on_disk, one))
        for one in processes
    }
    for name in names:
        holders = [process for process, text in texts.items() if offered[name + NEXT] in text]
        assert holders or name.startswith("redis_"), name
    users = [line for line in texts["redis-users"].splitlines() if line.startswith("user ")]
    # Nobody can be "default", or "monitor" in a suite that nobody watches.
    assert [line.count("#") for line in users] == [0, 2, 2, 0]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("media", "media_signing_key"),
        ("redis", "redis_operator"),
        ("s3_access_key", "s3_secret_key"),
        ("internal", "internal_key_feed"),
        ("all", "session_token_key"),
    ],
)
def test_a_word_means_its_secrets(word: str, name: str) -> None:
    assert name in names_meant(PLAN, word)
    assert not list(names_meant(PLAN, "nothing"))


def _all_drawings() -> Iterator[Topology]:
    """Yield topologies that together have every secret."""
    drawn = load_topology(network="127.99", has_failover=True, is_watched=True)
    assert drawn.watch is not None
    mail = Mail(to="a@example.com", sender="b@example.com", smarthost="mail:587", user="me")
    second = SecondBucket(bucket="other", endpoint="https://s3.example.com")
    yield drawn
    yield replace(
        drawn,
        watch=replace(drawn.watch, mail=mail),
        store=replace(drawn.store, kind="external", second=second),
        backup=replace(drawn.backup, kind="external"),
    )


@pytest.mark.parametrize("drawn", list(_all_drawings()), ids=["embedded", "external"])
def test_every_secret_has_one_way_to_be_replaced_or_a_reason_against_it(drawn: Topology) -> None:
    plan = plan_of(drawn)
    replaced, ways = replaceables(plan), other_ways(plan)
    for secret in plan.secrets:
        kinds = [
            secret.name in replaced,
            # A group has one way for the logins of its processes and its migrations.
            secret.name.removesuffix("_app") in ways,
            bool(why_kept(plan, secret.name)),
        ]
        assert kinds.count(True) == 1, secret.name


@pytest.mark.parametrize("drawn", list(_all_drawings()), ids=["embedded", "external"])
def test_every_process_takes_a_replaced_secret(drawn: Topology) -> None:
    """It restarts with its service, is told, or is listed as one that reads it once."""
    plan = plan_of(drawn)
    for name, secret in replaceables(plan).items():
        readers = {p.service for p in plan.processes if name in p.secrets}
        left = readers - secret.services - set(READ_ONCE.get(name, ())) - _TOLD.get(name, set())
        assert not left - {"backup-keeper"} or name.startswith("redis_"), (name, left)
        assert set(READ_ONCE.get(name, ())) <= readers, name


async def _may_enter(suite: Suite, password: str) -> bool:
    server = suite.plan.redises["users"]
    client = redis.asyncio.Redis(
        host=server.address,
        port=server.port,
        username="users",
        password=password,
        ssl=True,
        ssl_ca_certs=str(suite.ca_file),
    )
    async with client:
        try:
            return bool(await client.ping())
        except redis.exceptions.AuthenticationError:
            return False


async def test_redis_learns_its_passwords_while_it_runs(data_suite: Suite) -> None:
    file, next_one = data_suite.on_disk.folder.secrets_file, "f" * 64
    present = data_suite.on_disk.secrets["redis_users"]
    async with data_suite.redis("users") as operator:
        change_secrets(file, lambda values: values.update({"redis_users" + NEXT: next_one}))
        try:
            await _tell(data_suite)
            assert await _may_enter(data_suite, present)
            assert await _may_enter(data_suite, next_one)
            assert await operator.ping(), "a kept connection goes on"
        finally:
            change_secrets(file, lambda values: values.pop("redis_users" + NEXT))
        await _tell(data_suite)
        await end_connections_of(data_suite.on_disk, data_suite.plan.redises["users"])
        assert await _may_enter(data_suite, present)
        assert not await _may_enter(data_suite, next_one)


async def _tell(suite: Suite) -> None:
    opened = OnDisk(suite.plan, suite.on_disk.folder, suite.on_disk.decoder_python)
    render_redis(opened)
    await tell_redis_users(opened)
