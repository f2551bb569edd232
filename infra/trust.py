"""The TLS contexts with which the suite's own commands call its processes."""

import ssl
from functools import cache
from pathlib import Path

from infra.suite import Suite


def tls_context(suite: Suite) -> ssl.SSLContext:
    """Return a context that trusts only the suite's own authority."""
    return _trusting(suite.ca_file, suite.ca_file.stat().st_mtime_ns)


@cache
def _trusting(ca_file: Path, _written_ns: int) -> ssl.SSLContext:
    # The time of writing is part of the cache key, because the authority may be replaced.
    return ssl.create_default_context(cafile=str(ca_file))
