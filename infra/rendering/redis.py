"""Renders the configuration and the users of every Redis."""

import hashlib

from infra.accounts import account_for
from infra.plan.parts import Plan, PlannedRedis
from infra.plan.secret_names import WATCH_REDIS
from infra.rendering.files import PASSABLE, make_data_folder, make_folder, render, write_rendered
from infra.secret_values import SecretValues
from infra.sizing import REDIS_CLIENTS_MAX
from infra.suite import Suite


def render_redis(suite: Suite) -> list[str]:
    """Write the files of all Redis; returns the names of the processes whose files changed."""
    return [
        f"redis-{redis.name}" for redis in suite.plan.own_redises.values() if _render(suite, redis)
    ]


def _render(suite: Suite, redis: PlannedRedis) -> bool:
    account, ours = account_for(f"redis-{redis.name}"), account_for("supervisor")
    folder = make_folder(suite.folder.etc / "redis", ours, PASSABLE)
    make_folder(suite.folder.data / "redis", ours, PASSABLE)
    data = make_data_folder(suite.folder.data / "redis" / redis.name, account)
    pair = suite.authority.server_pair(f"{redis.name}.redis", (redis.host, redis.address))
    account.own(pair.key, 0o600)
    places = (str(data), str(folder), str(suite.folder.pki))
    texts = redis_texts(suite.plan, redis, suite.secrets, places)
    written = [write_rendered(folder / name, text, account) for name, text in texts.items()]
    return any(written)


def redis_texts(
    plan: Plan, redis: PlannedRedis, secrets: SecretValues, places: tuple[str, str, str]
) -> dict[str, str]:
    """Return the files of a Redis by name; `places` are its data, its files, and certificates."""
    data, etc, pki = places
    values = {
        "redis": redis,
        "data_folder": data,
        "etc_folder": etc,
        "pki": pki,
        "limits": plan.limits,
        "clients_max": REDIS_CLIENTS_MAX,
        "passwords": _passwords(secrets, f"redis_{redis.name}"),
        "operators": _passwords(secrets, "redis_operator"),
        "monitors": _passwords(secrets, WATCH_REDIS) if plan.watch else "",
    }
    return {
        f"{redis.name}.conf": render("redis.conf.j2", values),
        f"{redis.name}.acl": render("redis.acl.j2", values),
    }


def _passwords(secrets: SecretValues, secret: str) -> str:
    """Return the digests of the passwords that count, as Redis writes them."""
    return " ".join(f"#{_sha256(value)}" for value in sorted(secrets.accepted(secret)))


def _sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
