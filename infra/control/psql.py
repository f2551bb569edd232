"""Opens psql on one of the suite's servers, or on one of somebody else."""

import os

from infra.control.failures import SuiteFailure
from infra.elsewhere.sessions import authority_of
from infra.plan.parts import Member
from infra.plan.secret_names import owner_password
from infra.programs import postgres_program
from infra.secret_values import SUPERUSER
from infra.suite import Suite


def become_psql(suite: Suite, node: str, arguments: list[str]) -> None:
    """Replace this process by psql, in the database of the server's group.

    It is the superuser of a server of ours, and the owner at one of somebody else.
    """
    servers = {
        member.name: member for group in suite.plan.groups.values() for member in group.members
    }
    if node not in servers:
        raise SuiteFailure(f"There is no server {node!r}; there are: {', '.join(servers)}.")
    environment = {**os.environ, **_connection(suite, servers[node])}
    program = postgres_program("psql")
    os.execve(program, [program, *arguments], environment)  # noqa: S606 - the terminal is psql's


def _connection(suite: Suite, server: Member) -> dict[str, str]:
    group = suite.plan.groups[server.service]
    secret = SUPERUSER if group.is_ours else owner_password(group.name)
    return {
        "PGHOST": server.host,
        **({"PGHOSTADDR": server.address} if server.address else {}),
        "PGPORT": str(server.port),
        "PGUSER": "postgres" if group.is_ours else group.owner,
        "PGPASSWORD": suite.secrets[secret],
        "PGDATABASE": group.database_name,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(authority_of(suite, group)),
    }
