"""The zone of internal names, whose records follow the health of what they name."""

from dataclasses import replace
from pathlib import Path

from infra.accounts import account_for
from infra.plan.parts import Plan
from infra.rendering.files import make_folder, render, write_rendered
from infra.suite import Suite


def render_dns(suite: Suite) -> list[str]:
    """Write the server's files, if it is ours; returns its process's name if they changed."""
    if not suite.plan.dns.embedded:
        return []
    account = account_for("dns")
    folder = make_folder(suite.folder.etc / "dns", account)
    sockets = make_folder(suite.folder.sockets / "dns", account)
    texts = dns_texts(suite.plan, suite.plan.dns.address, folder, sockets)
    written = [write_rendered(folder / file, text, account) for file, text in texts.items()]
    return ["dns"] if any(written) else []


def dns_texts(plan: Plan, address: str, etc: Path, sockets: Path) -> dict[str, str]:
    """Return the files of the name server at an address, by name."""
    dns, names = plan.dns, plan.names
    values = {
        "watch": plan.watch,
        "networks": plan.client_networks,
        "dns": replace(dns, address=address),
        "servers": (dns.address, *dns.others),
        "etc_folder": etc,
        "socket_folder": sockets,
        "checked_by_ready": [name for name in names if name.has_ready_page],
        "checked_by_port": [n for n in names if not n.has_ready_page and len(n.addresses) > 1],
        "single": [n for n in names if not n.has_ready_page and len(n.addresses) == 1],
    }
    files = {
        "pdns.conf": "pdns.conf.j2",
        "named.conf": "named.conf.j2",
        f"{dns.zone}.zone": "dns.zone.j2",
    }
    return {file: render(template, values) for file, template in files.items()}
