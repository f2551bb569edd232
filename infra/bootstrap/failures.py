"""What can go wrong while installing, told in sentences that say what to do."""


class BootstrapFailure(Exception):
    """The installation cannot go on; the message is for the person at the terminal."""
