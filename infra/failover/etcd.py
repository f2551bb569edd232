"""Prepares etcd for Patroni over its JSON interface: users, their rights, and what it keeps."""

import asyncio
import base64
import contextlib
import http.client
import json
from collections.abc import Mapping
from typing import Any

from infra.control.failures import SuiteFailure
from infra.plan.figures import Failover
from infra.plan.secret_names import ETCD_PATRONI, ETCD_ROOT
from infra.suite import Suite
from infra.trust import tls_context

# Patroni keeps everything below this name, a folder for each database.
NAMESPACE = "/service/"
PATRONI_USER = "patroni"
_ROOT = "root"
_TIMEOUT_S = 5.0
_BODY_BYTES_MAX = 1_048_576
_BOTH_RIGHTS = "READWRITE"
_ALREADY = "already"
_FAULTS = (OSError, TimeoutError, http.client.HTTPException, ValueError)


class EtcdRefuses(SuiteFailure):
    """etcd answered with an error; the message has it."""


async def prepare_etcd(suite: Suite) -> None:
    """Create the users with their passwords, and let nobody else in; can be repeated."""
    await asyncio.to_thread(_prepare, suite)


async def known_clusters(suite: Suite) -> set[str]:
    """Return the databases that etcd knows, whose leader is then chosen by Patroni."""
    return await asyncio.to_thread(_known, suite)


async def leading_etcd(suite: Suite) -> str:
    """Return the address of the etcd server that leads the others; raises SuiteFailure."""
    return await asyncio.to_thread(_leading, suite)


async def forget_cluster(suite: Suite, database: str) -> None:
    """Remove what etcd knows of a database whose data has been replaced."""
    await asyncio.to_thread(_forget, suite, database)


def _prepare(suite: Suite) -> None:
    with contextlib.suppress(EtcdRefuses):
        _token(suite)
        return  # It lets only users in, with the password of our file.
    for user, secret in ((_ROOT, ETCD_ROOT), (PATRONI_USER, ETCD_PATRONI)):
        said = {"name": user, "password": suite.secrets[secret]}
        _once(suite, "/v3/auth/user/add", said)
        # An interrupted start may have left the user with another password.
        _call(suite, "/v3/auth/user/changepw", said)
        _once(suite, "/v3/auth/role/add", {"name": user})
        _call(suite, "/v3/auth/user/grant", {"user": user, "role": user})
    permission = {"permType": _BOTH_RIGHTS, **_range(NAMESPACE)}
    _call(suite, "/v3/auth/role/grant", {"name": PATRONI_USER, "perm": permission})
    _call(suite, "/v3/auth/enable", {})


def _known(suite: Suite) -> set[str]:
    said = _call(suite, "/v3/kv/range", {**_range(NAMESPACE), "keys_only": True}, _token(suite))
    keys = [base64.b64decode(entry["key"]).decode() for entry in said.get("kvs", ())]
    parts = [key.removeprefix(NAMESPACE).split("/") for key in keys]
    return {found[0] for found in parts if found[1:] == ["initialize"]}


def _forget(suite: Suite, database: str) -> None:
    _call(suite, "/v3/kv/deleterange", _range(f"{NAMESPACE}{database}/"), _token(suite))


def _leading(suite: Suite) -> str:
    failover = _failover_of(suite)
    token = _token(suite)
    for address in failover.etcd:
        with contextlib.suppress(*_FAULTS):
            _status, said = _ask(suite, failover, address, "/v3/maintenance/status", {}, token)
            if said.get("leader") and said["leader"] == said["header"]["member_id"]:
                return address
    raise SuiteFailure("No etcd leads.")


def _token(suite: Suite) -> str:
    said = {"name": _ROOT, "password": suite.secrets[ETCD_ROOT]}
    return str(_call(suite, "/v3/auth/authenticate", said)["token"])


def _once(suite: Suite, path: str, body: Mapping[str, Any]) -> None:
    try:
        _call(suite, path, body)
    except EtcdRefuses as refusal:
        if _ALREADY not in str(refusal):
            raise


def _range(prefix: str) -> dict[str, str]:
    """Return the range of all keys that begin so, as etcd writes bytes in JSON."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return {"key": _bytes(prefix), "range_end": _bytes(end)}


def _bytes(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _call(suite: Suite, path: str, body: Mapping[str, Any], token: str = "") -> dict[str, Any]:
    """Ask the first server that answers; raises EtcdRefuses."""
    failover = _failover_of(suite)
    fault: Exception | None = None
    for address in failover.etcd:
        try:
            status, said = _ask(suite, failover, address, path, body, token)
        except _FAULTS as failure:
            fault = failure
            continue
        if status == http.client.OK:
            return said
        raise EtcdRefuses(f"etcd refuses {path}: {said.get('error', said)}.")
    raise SuiteFailure(f"No etcd answers: {fault!r}.")


def _failover_of(suite: Suite) -> Failover:
    if suite.plan.failover is None:
        raise SuiteFailure("This suite has no failover, and so no etcd.")
    return suite.plan.failover


def _ask(
    suite: Suite,
    failover: Failover,
    address: str,
    path: str,
    body: Mapping[str, Any],
    token: str,
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPSConnection(
        address, failover.client_port, timeout=_TIMEOUT_S, context=tls_context(suite)
    )
    try:
        headers = {"Authorization": token} if token else {}
        connection.request("POST", path, json.dumps(body), headers)
        reply = connection.getresponse()
        said = json.loads(reply.read(_BODY_BYTES_MAX))
    finally:
        connection.close()
    return reply.status, said if isinstance(said, dict) else {}
