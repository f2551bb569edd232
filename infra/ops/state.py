"""What the caretaker writes for the page: processes, databases and the machine, as of a moment."""

from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

# The supervisor's words, and two more: a process that a signal halted, and one never started.
RunState = Literal[
    "STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN", "FROZEN"
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProcessNow(_Frozen):
    """A process; `processors` is the number of processors that it and its children use."""

    name: str
    service: str
    kind: str
    address: str
    state: RunState
    since: int
    processors: float
    memory_bytes: int
    # The Postgres member or the Redis that it is.
    server: str = ""


class DatabaseNow(_Frozen):
    """A database: its shards as ranges, and its members; `leader` is "" while nobody leads."""

    name: str
    service: str
    shards: tuple[tuple[int, int], ...]
    leader: str
    members: tuple[str, ...]


class StateNow(_Frozen):
    """All of it; `at` is Unix time."""

    at: float
    has_failover: bool
    processes: tuple[ProcessNow, ...]
    databases: tuple[DatabaseNow, ...]


class NoState(Exception):
    """The state cannot be read; the message says why."""


def read_state(file: Path) -> StateNow:
    """Return what the file says; raises NoState."""
    try:
        return StateNow.model_validate(orjson.loads(file.read_bytes()))
    except FileNotFoundError:
        raise NoState("the caretaker has not written it yet") from None
    except (OSError, orjson.JSONDecodeError, ValidationError) as error:
        raise NoState(f"its file cannot be read: {type(error).__name__}") from error


def text_of(state: StateNow) -> str:
    """Return the content of the file."""
    return state.model_dump_json()
