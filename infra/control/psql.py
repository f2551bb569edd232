"""Opens psql on one of the suite's servers."""

import os

from infra.control.failures import SuiteFailure
from infra.programs import postgres_program
from infra.suite import Suite


def become_psql(suite: Suite, node: str, arguments: list[str]) -> None:
    """Replace this process by psql: the superuser, in the database of the server's group."""
    server = next((n for n in suite.plan.members if n.name == node), None)
    if server is None:
        known = ", ".join(known.name for known in suite.plan.members)
        raise SuiteFailure(f"There is no server {node!r}; there are: {known}.")
    environment = {
        **os.environ,
        "PGHOST": server.host,
        "PGHOSTADDR": server.address,
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": suite.secrets["postgres_superuser"],
        "PGDATABASE": server.service,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(suite.ca_file),
    }
    program = postgres_program("psql")
    os.execve(program, [program, *arguments], environment)  # noqa: S606 - the terminal is psql's
