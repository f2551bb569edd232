"""Runs on an installed machine: which account can connect to which part, and which one may.

`python -m tests.infra.public_scan` prints a JSON list of rows.
"""

import errno
import json
import os
import pwd
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from infra.accounts import account_for
from infra.plan.parts import Plan
from infra.plan.reach import OUTSIDE, PUBLIC, allowed, parts_of
from infra.suite import open_suite

_TIMEOUT_S = 5.0
# Who is of this machine, and no part of the suite.
_STRANGER = "nobody"


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt to connect."""

    account: str
    part: str
    address: str
    port: int
    may: bool
    can: bool


def rows(plan: Plan) -> Iterator[Row]:
    """Yield a row for each account and each address at which a part listens."""
    may = _may_connect(plan)
    endpoints = sorted(
        {
            (part, address, port)
            for part, processes in parts_of(plan).items()
            for process in processes
            for address, port in process.endpoints
            if address.startswith(plan.network)
        }
    )
    accounts = {account_for(one[0].role).name for one in parts_of(plan).values()}
    for account in sorted(accounts - {"root"} | {_STRANGER}):
        answers = _as_account(account, [(address, port) for _part, address, port in endpoints])
        for (part, address, port), can in zip(endpoints, answers, strict=True):
            sources = {account, ""}
            is_allowed = any((source, part, port) in may for source in sources)
            yield Row(account, part, address, port, is_allowed, can)


def _may_connect(plan: Plan) -> set[tuple[str, str, int]]:
    """Return account, part and port of what the plan's table allows; "" is everybody here."""
    parts = parts_of(plan)
    found = set()
    for one in allowed(plan):
        if one.target != OUTSIDE and (one.source == PUBLIC or one.source in parts):
            name = "" if one.source == PUBLIC else account_for(parts[one.source][0].role).name
            found.add((name, one.target, one.port))
    return found


def _as_account(account: str, endpoints: list[tuple[str, int]]) -> list[bool]:
    """Return which of these take a connection from the account."""
    known = pwd.getpwnam(account)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(known.pw_gid)
        os.setuid(known.pw_uid)
        os.write(write, bytes(_connects(*endpoint) for endpoint in endpoints))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        said = [bool(one) for one in answers.read()]
    os.waitpid(child, 0)
    return said


def _connects(address: str, port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(_TIMEOUT_S)
        # A firewall refuses at once, and so does a closed port: all of these listen.
        return one.connect_ex((address, port)) not in {errno.ECONNREFUSED, errno.EPERM}


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(row) for row in rows(open_suite().plan)]))
