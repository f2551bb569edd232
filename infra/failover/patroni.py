"""Asks the Patroni of each Postgres server, and tells it what to do."""

import asyncio
import base64
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.control.failures import SuiteFailure
from infra.plan.parts import Database, Member
from infra.plan.secret_names import PATRONI_REST
from infra.suite import Suite
from infra.trust import tls_context

# The name of operators and of the other members at Patroni.
REST_USER = "suite"
_ASK_TIMEOUT_S = 2.0
# A switchover waits for a checkpoint and for the other member.
_TELL_TIMEOUT_S = 60.0
_BODY_BYTES_MAX = 262_144
_PRIMARY = frozenset({"primary", "master"})
FAULTS = (OSError, TimeoutError, ValueError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Standing:
    """What Patroni says of its server; everything is empty if Patroni does not answer."""

    member: Member
    answers: bool = False
    state: str = ""
    role: str = ""
    timeline: int = 0
    position: int = 0
    streams: bool = False
    in_sync: bool = False

    @property
    def leads(self) -> bool:
        """Whether it is the primary and runs."""
        return self.role in _PRIMARY and self.state == "running"

    @property
    def is_well(self) -> bool:
        """Whether it leads, or follows and streams."""
        return self.leads or (self.state == "running" and self.streams)


async def standings_of(suite: Suite, database: Database) -> tuple[Standing, ...]:
    """Ask all members of a database at once."""
    return tuple(await asyncio.gather(*(standing_of(suite, m) for m in database.members)))


async def standing_of(suite: Suite, member: Member) -> Standing:
    """Ask one member; a silent one gives an empty answer."""
    try:
        _status, said = await asyncio.to_thread(_call, suite, member, "GET", "/patroni")
    except FAULTS:
        return Standing(member)
    return _standing(member, said)


def leading(standings: Sequence[Standing]) -> Standing | None:
    """Return the member that leads: of two that say so, the one on the later timeline."""
    found = [one for one in standings if one.leads]
    return max(found, key=lambda one: one.timeline, default=None)


async def tell(
    suite: Suite, member: Member, method: str, path: str, body: Mapping[str, Any] | None = None
) -> str:
    """Send a request that changes something; returns the reply, raises SuiteFailure if refused."""
    try:
        status, said = await asyncio.to_thread(_call, suite, member, method, path, body)
    except FAULTS as fault:
        raise SuiteFailure(f"Patroni of {member.name} does not answer: {fault!r}.") from None
    text = str(said.get("text", said)).strip()
    if status >= http.client.BAD_REQUEST:
        # Some refusals are pages, which say no more than the status.
        why = http.client.responses.get(status, "") if text.startswith("<") else text
        raise SuiteFailure(f"Patroni of {member.name} refuses {path}: {status} {why}.")
    return text


async def reload_all(suite: Suite) -> None:
    """Let every Patroni that answers read its file again, and so passwords and certificates."""
    await asyncio.gather(*(_reload(suite, member) for member in suite.plan.members))


async def _reload(suite: Suite, member: Member) -> None:
    try:
        await asyncio.to_thread(_call, suite, member, "POST", "/reload")
    except FAULTS:
        return  # It reads the file when it starts.


def _standing(member: Member, said: Mapping[str, Any]) -> Standing:
    log = said.get("xlog") or {}
    position = log.get("location") or log.get("replayed_location") or 0
    return Standing(
        member=member,
        answers=True,
        state=str(said.get("state", "")),
        role=str(said.get("role", "")),
        timeline=int(said.get("timeline") or 0),
        position=int(position),
        streams=said.get("replication_state") == "streaming",
        in_sync=bool(said.get("sync_standby")),
    )


def _call(
    suite: Suite,
    member: Member,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Return status and body; a body that is no JSON object is under `text`."""
    if suite.plan.failover is None:
        raise SuiteFailure("This suite has no failover: `make up HA=1` starts it with failover.")
    changes = method != "GET"
    headers = {"Content-Type": "application/json", **(_authorization(suite) if changes else {})}
    connection = http.client.HTTPSConnection(
        member.address,
        member.rest_port,
        timeout=_TELL_TIMEOUT_S if changes else _ASK_TIMEOUT_S,
        context=tls_context(suite),
    )
    try:
        connection.request(method, path, json.dumps(body or {}) if changes else None, headers)
        reply = connection.getresponse()
        text = reply.read(_BODY_BYTES_MAX).decode(errors="replace")
    finally:
        connection.close()
    return reply.status, _object(text)


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {"text": text}
    return said if isinstance(said, dict) else {"text": text}


def _authorization(suite: Suite) -> dict[str, str]:
    pair = f"{REST_USER}:{suite.secrets[PATRONI_REST]}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
