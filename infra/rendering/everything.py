"""Renders all files of a suite, in an order in which each finds what it needs."""

from infra.accounts import account_for
from infra.plan.secret_names import FOR_OPERATORS
from infra.process import Process
from infra.rendering.automation import render_automation
from infra.rendering.backups import render_backups
from infra.rendering.dns import render_dns
from infra.rendering.environment import render_environments
from infra.rendering.failover import render_failover
from infra.rendering.files import (
    PASSABLE,
    READABLE_STORE,
    make_data_folder,
    make_folder,
    set_modes,
    write_rendered,
)
from infra.rendering.live import render_live
from infra.rendering.mail import render_mail
from infra.rendering.nginx import render_nginx
from infra.rendering.ops import render_ops
from infra.rendering.postgres import render_postgres
from infra.rendering.redis import render_redis
from infra.rendering.shard_maps import SHARD_MAP_MODE
from infra.rendering.supervisor import render_supervisor
from infra.rendering.watching import render_watching
from infra.run_folder import LOG_FILE_MODE, LOG_FOLDER_MODE
from infra.suite import Suite, trace_share_word


def render_everything(suite: Suite, processes: tuple[Process, ...]) -> set[str]:
    """Write the files that differ; returns the names of the processes whose files changed."""
    ours = account_for("supervisor")
    folder = suite.folder
    for path in (folder.data, folder.etc, folder.cache, folder.sockets, folder.traces):
        make_folder(path, ours, PASSABLE)
    make_folder(folder.log, ours, LOG_FOLDER_MODE)
    # Logs of earlier versions were open to all users.
    set_modes(folder.log, LOG_FILE_MODE)
    # Maps of earlier versions were closed to the services' accounts.
    set_modes(make_folder(folder.shard_maps, ours, PASSABLE), SHARD_MAP_MODE)
    write_rendered(folder.network_file, suite.plan.network + "\n", ours)
    write_rendered(folder.limits_file, suite.limits + "\n", ours)
    write_rendered(folder.trace_share_file, trace_share_word(folder) + "\n", ours)
    token_file = folder.etc / FOR_OPERATORS
    write_rendered(token_file, suite.secrets[FOR_OPERATORS] + "\n", ours)
    if not suite.plan.external_groups:
        takes_backups = "on" if suite.plan.backup.enabled else "off"
        write_rendered(folder.backups_file, takes_backups + "\n", ours)
    render_live(suite)
    make_folder(folder.data / "postgres", account_for("postgres"))
    make_folder(folder.etc / "postgres", account_for("postgres"))
    if suite.plan.store.embedded:
        _render_store(suite)
    changed = {
        *render_postgres(suite),
        *render_failover(suite),
        *render_backups(suite),
        *render_redis(suite),
        *render_dns(suite),
        *render_nginx(suite),
        *render_watching(suite),
        *render_ops(suite),
        *render_automation(suite),
        *render_mail(suite),
    }
    roles = set(render_environments(suite))
    changed |= {process.name for process in processes if process.planned.role in roles}
    if render_supervisor(suite, processes):
        changed.add("supervisor")
    return changed


def _render_store(suite: Suite) -> None:
    account = account_for("store")
    make_data_folder(suite.folder.store, account, READABLE_STORE)
    named = suite.plan.internal_name("store")
    pair = suite.authority.server_pair("store", (named.host, *named.addresses))
    account.own(pair.key, 0o600)
