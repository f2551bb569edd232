"""Shell lines in the guides for client developers work exactly as written."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from infra.run_folder import REPOSITORY
from services.gateway.api.document import DESCRIPTION
from tests.journeys.phone import Phone, phone_of, picture
from tests.suite import Suite

_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEADLINE_S = 60
# Where the suite that `make up` starts answers; a test suite has another address.
SHOWN_HOST = "http://127.0.0.1:8080"
PAGING = REPOSITORY / "docs" / "api" / "paging.md"


async def test_the_shell_lines_lead_from_sign_up_to_a_published_photo(
    suite: Suite, tmp_path: Path
) -> None:
    (lines,) = _SHELL.findall(DESCRIPTION)
    (tmp_path / "picture.jpg").write_bytes(picture())
    published, home = await _said(lines, tmp_path, HOST=suite.public_url)
    assert published["post"]["caption"] == "first light #harbour"
    assert [post["id"] for post in home["items"]] == [published["post"]["id"]]
    assert published["post"]["photos"][0]["renditions"]


@pytest.mark.parametrize("readme", ["README.md", "README.es.md"])
async def test_the_first_curl_of_a_readme_reaches_sign_up(
    suite: Suite, tmp_path: Path, readme: str
) -> None:
    blocks = _SHELL.findall((REPOSITORY / readme).read_text(encoding="utf-8"))
    (curl,) = [block for block in blocks if block.startswith("curl")]
    (reply,) = await _said(curl.replace(SHOWN_HOST, suite.public_url), tmp_path)
    # Somebody else may have signed up by that name before.
    assert "session" in reply or reply["code"] == "username_taken"


async def test_the_guide_to_paging_works_as_shown(suite: Suite, tmp_path: Path) -> None:
    (curl,) = _SHELL.findall(PAGING.read_text(encoding="utf-8"))
    async with phone_of(suite.public_url, "pager") as phone:
        lines = curl.replace(SHOWN_HOST, suite.public_url)
        (page,) = await _said(lines, tmp_path, TOKEN=_token_of(phone))
    assert page["items"] == []


def _token_of(phone: Phone) -> str:
    return str(phone.http.headers["Authorization"].removeprefix("Bearer "))


async def _said(lines: str, folder: Path, **words: str) -> list[Any]:
    # `-u`: a line must not use a variable that no earlier line has set.
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", lines),
        cwd=folder,
        env={"PATH": os.environ["PATH"], **words},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(shell.communicate(), DEADLINE_S)
    finally:
        if shell.returncode is None:
            shell.kill()
    assert shell.returncode == 0
    return _documents(said.decode())


def _documents(text: str) -> list[Any]:
    found = []
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found
