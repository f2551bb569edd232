"""The names of the roles in the databases of a group.

The role with the group's name owns the database, and migrates it. Processes log in with one of two
login roles, which take turns: a new password belongs to the other one, so that both are valid until
no process uses the former. Both are members of the role that has the rights.
"""

REPLICATION_ROLE = "replicator"
# It reads statistics of the server, and no table of a service.
MONITOR_ROLE = "monitor"


def runtime_role(group: str) -> str:
    """Return the role with the rights of processes, which cannot log in itself."""
    return f"{group}_app"


def login_roles(group: str) -> tuple[str, str]:
    """Return the two login roles of a group's processes."""
    return f"{group}_app_1", f"{group}_app_2"


def other_login(group: str, name: str) -> str:
    """Return the login role that rests while `name` is in use."""
    first, second = login_roles(group)
    return second if name == first else first
