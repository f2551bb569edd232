"""Asks Prometheus and Alertmanager, which answer only to a certificate for clients."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from infra.accounts import account_for
from infra.certificates import KeyPair
from infra.control.failures import SuiteFailure
from infra.plan.watchers import ALERTMANAGER, PROMETHEUS
from infra.suite import Suite

# The pair of an operator's commands, which only the suite's own user reads.
READER = "watch-reader"
_TIMEOUT_S = 10.0


class WatchersSilent(SuiteFailure):
    """Prometheus or Alertmanager does not answer, or refuses the question."""


def make_reader_pair(suite: Suite) -> KeyPair:
    """Return the pair of operators' commands, which is made if it is missing."""
    pair = suite.authority.server_pair(READER, (READER,), for_clients=True)
    account_for("supervisor").own(pair.key, 0o600)
    return pair


def shown_to(suite: Suite, watcher: str) -> KeyPair:
    """Return the pair that a command shows to a watcher.

    Alertmanager answers only to Prometheus' own pair, which the suite's user can read.
    """
    name = PROMETHEUS if watcher == ALERTMANAGER else READER
    return KeyPair(suite.folder.pki / f"{name}.crt", suite.folder.pki / f"{name}.key")


def reader_context(suite: Suite, watcher: str) -> ssl.SSLContext:
    """Return a context that trusts the suite's authority and shows a pair that is answered."""
    context = ssl.create_default_context(cafile=str(suite.ca_file))
    pair = shown_to(suite, watcher)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def query(suite: Suite, expression: str) -> list[dict[str, Any]]:
    """Return the series of an instant query: `metric` has labels, `value` time and text."""
    reply = ask(suite, PROMETHEUS, "/api/v1/query", {"query": expression})
    return list(reply["data"]["result"])


def firing(suite: Suite) -> list[dict[str, Any]]:
    """Return the alerts that Alertmanager holds, with `labels`, `annotations` and `startsAt`."""
    return list(ask(suite, ALERTMANAGER, "/api/v2/alerts", {"active": "true"}))


def ask(suite: Suite, name: str, path: str, words: Mapping[str, str]) -> Any:
    """GET a JSON document from a watcher; raises WatchersSilent."""
    process = suite.plan.process(name)
    connection = http.client.HTTPSConnection(
        process.address, process.port, timeout=_TIMEOUT_S, context=reader_context(suite, name)
    )
    try:
        connection.request("GET", f"{path}?{urlencode(words)}")
        reply = connection.getresponse()
        text = reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise WatchersSilent(f"{name} does not answer ({error}): see `make status`.") from None
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise WatchersSilent(f"{name} refuses {path} ({reply.status}): {text[:300].decode()}")
    return json.loads(text)
