"""Reads the metrics of one process, as a scraper does."""

import http.client

from infra.control.failures import SuiteFailure
from infra.plan.secret_names import FOR_OPERATORS
from infra.suite import Suite
from infra.trust import tls_context

_TIMEOUT_S = 5.0


def metrics_of(suite: Suite, name: str) -> str:
    """Return the metrics of a Python process in Prometheus's format; raises SuiteFailure."""
    known = {process.name: process for process in suite.plan.processes if process.module}
    if name not in known:
        raise SuiteFailure(f"P= wants one of: {', '.join(known)}.")
    process = known[name]
    connection = http.client.HTTPSConnection(
        process.address, process.port, timeout=_TIMEOUT_S, context=tls_context(suite)
    )
    token = suite.secrets[FOR_OPERATORS]
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        reply = connection.getresponse()
        text = reply.read().decode()
    except OSError as error:
        raise SuiteFailure(f"{name} does not answer ({error}): see `make status`.") from None
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise SuiteFailure(f"{name} refuses its metrics ({reply.status}): `make up` renews it.")
    return text
