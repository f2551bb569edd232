"""The zone of internal names, whose records follow the health of what they name."""

from infra.accounts import account_for
from infra.rendering.files import make_folder, render, write_rendered
from infra.suite import Suite


def render_dns(suite: Suite) -> list[str]:
    """Write the server's files; returns its process's name if they changed."""
    account = account_for("dns")
    folder = make_folder(suite.folder.etc / "dns", account)
    dns = suite.plan.dns
    names = suite.plan.names
    values = {
        "watch": suite.plan.watch,
        "clients": suite.plan.client_network,
        "dns": dns,
        "etc_folder": folder,
        "socket_folder": make_folder(suite.folder.sockets / "dns", account),
        "checked_by_ready": [name for name in names if name.has_ready_page],
        "checked_by_port": [n for n in names if not n.has_ready_page and len(n.addresses) > 1],
        "single": [n for n in names if not n.has_ready_page and len(n.addresses) == 1],
    }
    files = {
        "pdns.conf": "pdns.conf.j2",
        "named.conf": "named.conf.j2",
        f"{dns.zone}.zone": "dns.zone.j2",
    }
    written = [
        write_rendered(folder / file, render(template, values), account)
        for file, template in files.items()
    ]
    return ["dns"] if any(written) else []
