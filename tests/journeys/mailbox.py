"""What people find in their mailboxes: the messages that the suite's own server keeps."""

import re
from collections.abc import AsyncIterator

from tests.eventually import eventually
from tests.suite import Suite

_CODE = re.compile(r"^ {4}(\d{6})\s*$", re.MULTILINE)
_LINK = re.compile(r"/link#(\S+)")


async def code_to(suite: Suite, recipient: str, subject: str = "") -> str:
    """The code of the newest message to an address, once it has arrived."""
    return await _found(suite, recipient, subject, _CODE)


async def link_to(suite: Suite, recipient: str, subject: str = "") -> str:
    """What the link of the newest message to an address ends with."""
    return await _found(suite, recipient, subject, _LINK)


async def _found(suite: Suite, recipient: str, subject: str, wanted: re.Pattern[str]) -> str:
    texts: list[str] = []

    async def arrived() -> None:
        texts[:] = [text async for text in _texts(suite, recipient, subject)]
        assert texts

    await eventually(arrived)
    match = wanted.search(texts[0])
    assert match is not None
    return match[1]


async def _texts(suite: Suite, recipient: str, subject: str) -> AsyncIterator[str]:
    headers = suite.operator_headers
    for one in (await suite.ask("mail", "/messages", headers)).json()["messages"]:
        if one["recipient"].lower() == recipient.lower() and subject in one["subject"]:
            yield (await suite.ask("mail", f"/messages/{one['id']}", headers)).json()["text"]
