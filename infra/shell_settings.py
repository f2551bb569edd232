"""Removes settings of the operator's shell that belong to other work."""

from collections.abc import MutableMapping

# Drivers of Postgres and S3, HTTP clients and TLS libraries use these variables by themselves.
_PREFIXES = ("PG", "AWS_", "BOTO_", "SSL_CERT_")
_SUFFIXES = ("_PROXY",)


def forget_settings_of_other_work(environment: MutableMapping[str, str]) -> None:
    """Remove variables that would give our clients foreign servers, keys or proxies."""
    for name in list(environment):
        if name.startswith(_PREFIXES) or name.upper().endswith(_SUFFIXES):
            del environment[name]
