"""What can go wrong with a suite, told in sentences that say what to do."""


class SuiteFailure(Exception):
    """The command cannot go on; the message is for the person at the terminal."""


class Contradiction(SuiteFailure):
    """What the databases say of themselves cannot be true together: they should not run so."""
