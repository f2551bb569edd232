"""Renders the configuration and the users of every Redis."""

import hashlib

from infra.accounts import account_for
from infra.plan.parts import PlannedRedis
from infra.plan.secret_names import WATCH_REDIS
from infra.rendering.files import PASSABLE, make_data_folder, make_folder, render, write_rendered
from infra.sizing import REDIS_CLIENTS_MAX
from infra.suite import Suite


def render_redis(suite: Suite) -> list[str]:
    """Write the files of all Redis; returns the names of the processes whose files changed."""
    return [f"redis-{redis.name}" for redis in suite.plan.redises.values() if _render(suite, redis)]


def _render(suite: Suite, redis: PlannedRedis) -> bool:
    account, ours = account_for(f"redis-{redis.name}"), account_for("supervisor")
    folder = make_folder(suite.folder.etc / "redis", ours, PASSABLE)
    make_folder(suite.folder.data / "redis", ours, PASSABLE)
    data = make_data_folder(suite.folder.data / "redis" / redis.name, account)
    pair = suite.authority.server_pair(f"{redis.name}.redis", (redis.host, redis.address))
    account.own(pair.key, 0o600)
    values = {
        "redis": redis,
        "data_folder": data,
        "etc_folder": folder,
        "pki": suite.folder.pki,
        "limits": suite.plan.limits,
        "clients_max": REDIS_CLIENTS_MAX,
        "passwords": _passwords(suite, f"redis_{redis.name}"),
        "operators": _passwords(suite, "redis_operator"),
        "monitors": _passwords(suite, WATCH_REDIS) if suite.plan.watch else "",
    }
    config = write_rendered(folder / f"{redis.name}.conf", render("redis.conf.j2", values), account)
    users = write_rendered(folder / f"{redis.name}.acl", render("redis.acl.j2", values), account)
    return config or users


def _passwords(suite: Suite, secret: str) -> str:
    """Return the digests of the passwords that count, as Redis writes them."""
    return " ".join(f"#{_sha256(value)}" for value in sorted(suite.secrets.accepted(secret)))


def _sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
