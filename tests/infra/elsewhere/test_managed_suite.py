"""A suite upon databases, Redises and names of somebody else serves, and says what is not well."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest

from infra.plan.planning import plan_of
from infra.run_folder import REPOSITORY
from infra.topology import load_topology
from tests.infra.elsewhere.drawing import drawing
from tests.infra.elsewhere.somebody_else import SomebodyElse, checkout_with, write_secrets
from tests.journeys.phone import phone_of

pytestmark = [pytest.mark.long, pytest.mark.suite, pytest.mark.timeout(1500)]

_COMMAND_S = 600.0
_MISSING = [name for name in ("pdns_server", "redis-server") if shutil.which(name) is None]


class Managed:
    """A suite of a checkout of its own, whose data is somebody else's."""

    def __init__(self, folder: Path, network: str, other: SomebodyElse) -> None:
        self.other = other
        self.network = network
        self.run = folder / "run"
        self.checkout = checkout_with(folder / "checkout", partial(drawing, other.place))
        self.plan = plan_of(load_topology(self.checkout / "infra/topology.toml", network=network))

    def say(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command; returns what it said, in `stdout`."""
        return subprocess.run(
            [sys.executable, "-m", "infra", *words],
            cwd=self.checkout,
            env={
                **os.environ,
                "RETRATO_RUN_DIR": str(self.run),
                "RETRATO_NET": self.network,
                "RETRATO_LIMITS": "loose",
                "RETRATO_WATCH": "off",
                "RETRATO_VENV_DIR": os.environ.get("RETRATO_VENV_DIR") or str(REPOSITORY / ".run"),
            },
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_S,
        )

    def done(self, *words: str) -> str:
        """Run a command that must succeed."""
        said = self.say(*words)
        assert said.returncode == 0, f"{words}: {said.returncode}\n{said.stdout}"
        return said.stdout

    def refused(self, *words: str) -> str:
        """Run a command that must refuse with a sentence."""
        said = self.say(*words)
        assert said.returncode != 0, said.stdout
        assert "Traceback" not in said.stdout, said.stdout
        return said.stdout


@pytest.fixture(scope="module")
def managed() -> Iterator[Managed]:
    if _MISSING:
        pytest.skip(f"needs {_MISSING}")
    network = os.environ.get("RETRATO_TEST_NET") or "127.21"
    folder = Path(mkdtemp(prefix="retrato-managed-", dir="/tmp"))
    folder.chmod(0o755)
    other = SomebodyElse(f"{network}.240.1")
    other.start_postgres()
    suite = Managed(folder, network, other)
    try:
        yield suite
    finally:
        suite.say("reset", "--yes")
        other.remove()
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_start_says_what_lacks_then_people_are_served_through_a_restart(
    managed: Managed,
) -> None:
    other = managed.other
    # One thing after the other: each sentence names what its operator must do next.
    assert "nginx.internal is unknown" in managed.refused("up")
    await other.start_names(
        managed.plan.dns.zone, {name.host: name.addresses for name in managed.plan.names}
    )
    assert "lacks postgres_users" in managed.refused("up")
    write_secrets(managed.run, dict.fromkeys(managed_secrets(managed), "wrong"))
    said = managed.refused("up")
    assert "does not let users in" in said
    assert "postgres_users in" in said
    write_secrets(managed.run, other.passwords)
    assert "The Redis of users" in managed.refused("up")
    await other.start_redises()
    write_secrets(managed.run, other.passwords)
    said = managed.refused("up")
    assert 'CREATE ROLE "feed_app" NOLOGIN' in said
    assert "postgres_feed_app" in said
    other.make_processes_role_of_feed()
    write_secrets(managed.run, other.passwords)
    managed.done("up")
    assert not any(
        process.kind in {"postgres", "redis", "dns"} for process in managed.plan.processes
    )
    assert not (managed.run / "data" / "postgres" / "users-a").exists()
    async with (
        phone_of(managed.plan.public_url, "alice") as alice,
        phone_of(managed.plan.public_url, "bob") as bob,
    ):
        await bob.follow(alice)
        post = await alice.post("upon somebody else's servers")
        await bob.sees(post["id"], within_s=60)
        managed.done("restart", "users")
        managed.done("down")
        managed.done("up")
        await bob.sees(post["id"], within_s=60)
    status = managed.done("status")
    assert "backups: of feed, upload, users" in status


def managed_secrets(managed: Managed) -> list[str]:
    return [secret.name for secret in managed.plan.secrets if secret.needed]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("backup",), "keeps their backups"),
        (("backups",), "keeps their backups"),
        (("restore",), "keeps their backups"),
        (("restore-drill",), "keeps their backups"),
        (("promote", "users-a"), "decides which server leads"),
        (("switchover", "users-a"), "decides which server leads"),
        (("rotate", "postgres_users"), "which somebody else runs"),
        (("rotate", "redis_users"), "which somebody else runs"),
        (("up", "--anew", "users-a"), "ANEW= does nothing to users-a"),
        (("up", "--ha"), "somebody else runs every database"),
    ],
)
def test_what_is_not_ours_to_do_is_refused_with_a_sentence(
    managed: Managed, words: tuple[str, ...], says: str
) -> None:
    assert says in managed.refused(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("managed",),
        ("migrate",),
        ("migrate-status",),
        ("reconcile",),
        ("sweep",),
        ("audit-timelines",),
        ("check-deleted", "12345678901234567"),
        ("rotate", "media_token"),
        ("plan-changes",),
        ("accounts",),
        ("psql", "users-a", "-c", "SELECT 1"),
    ],
)
def test_what_is_ours_to_do_works(managed: Managed, words: tuple[str, ...]) -> None:
    managed.done(*words)


def test_a_database_without_the_shards_it_had_is_not_filled_anew(managed: Managed) -> None:
    managed.done("down")
    managed.other.sql("ALTER DATABASE users RENAME TO users_kept")
    managed.other.sql("CREATE DATABASE users OWNER users ENCODING UTF8 TEMPLATE template0")
    try:
        assert "holds no shard, and users-a held the shards 0 to 3" in managed.refused("up")
    finally:
        managed.other.sql("DROP DATABASE users")
        managed.other.sql("ALTER DATABASE users_kept RENAME TO users")
    managed.done("up")


def test_shards_of_another_suite_are_taken_up_only_when_told_so(managed: Managed) -> None:
    managed.done("down")
    comment = managed.other.sql(_COMMENT, "users")
    managed.other.sql(
        "COMMENT ON SCHEMA shard_0001 IS 'home=users-a version=1 suite=other'", "users"
    )
    said = managed.refused("up")
    assert "holds the shards 1 of suite other" in said
    assert "AS_IS=users-a" in said
    managed.done("up", "--as-is", "users-a")
    assert managed.other.sql(_COMMENT, "users") == comment


_COMMENT = "SELECT obj_description('shard_0001'::regnamespace, 'pg_namespace')"
