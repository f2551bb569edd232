"""The commands of a public machine: its certificate."""

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.control.public_upkeep import renew_now
from infra.status.certificates import public_lines
from infra.suite import open_suite


@app.command()
@told
def certificate() -> None:
    """Get or renew the public name's certificate now, and say what hinders."""
    suite, progress = open_suite(), Progress()
    renew_now(suite)
    for line in public_lines(suite)[0]:
        progress.say(line)
