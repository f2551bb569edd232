"""Errors of operators' commands; each message says what to do."""


class SuiteFailure(Exception):
    """The command cannot go on; its message is for the operator."""


class Contradiction(SuiteFailure):
    """The databases contradict one another, the ledger or the maps, and must not run like this."""


class ServerSilent(SuiteFailure, TimeoutError):
    """A server takes a connection and does not answer in time."""
