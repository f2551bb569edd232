"""Renders the supervisor's configuration: processes, their users and their logs."""

import os

from infra.accounts import account_for
from infra.process import Process
from infra.rendering.files import render, write_rendered
from infra.run_folder import REPOSITORY
from infra.suite import Suite


def render_supervisor(suite: Suite, processes: tuple[Process, ...]) -> bool:
    """Write the configuration; returns whether it changed."""
    values = {
        "folder": suite.folder,
        "processes": processes,
        "repository": REPOSITORY,
        "as_root": os.geteuid() == 0,
        "logs": suite.plan.limits.logs,
    }
    text = render("supervisord.conf.j2", values)
    return write_rendered(suite.folder.etc / "supervisord.conf", text, account_for("supervisor"))
