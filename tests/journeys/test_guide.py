"""The guide at the top of the public document does what it says, as it stands there."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from services.gateway.api.document import DESCRIPTION
from tests.journeys.phone import picture
from tests.suite import Suite

_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEADLINE_S = 60


async def test_the_shell_lines_lead_from_sign_up_to_a_published_photo(
    suite: Suite, tmp_path: Path
) -> None:
    (lines,) = _SHELL.findall(DESCRIPTION)
    (tmp_path / "picture.jpg").write_bytes(picture())
    # `-u`: a line that uses what none before it sets is a fault of the guide.
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", lines),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOST": suite.public_url},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(shell.communicate(), DEADLINE_S)
    finally:
        if shell.returncode is None:
            shell.kill()
    assert shell.returncode == 0
    published, home = _documents(said.decode())
    assert published["post"]["caption"] == "first light #harbour"
    assert [post["id"] for post in home["items"]] == [published["post"]["id"]]
    assert published["post"]["photos"][0]["renditions"]


def _documents(text: str) -> list[Any]:
    found = []
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found
