"""The failure of an installation, whose message says what to do."""


class BootstrapFailure(Exception):
    """The installation cannot go on; the message is for the operator."""
