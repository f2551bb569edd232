"""What a command does when the reader of its output has gone, as in `make status | head`."""

import os
import subprocess
import sys

import pytest

_COMMAND = """
import sys
from infra.command_line import told

@told
def command() -> None:
    sys.stdout.write({text})

command()
"""


@pytest.mark.parametrize("text", ["'one line'", "'many lines\\n' * 100_000"])
def test_a_closed_pipe_ends_a_command_without_a_message(text: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND.format(text=text)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        timeout=60,
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 0
