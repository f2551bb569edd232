"""The messages that the server keeps: a file each, in a folder of its own."""

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

_ENDING = ".eml"
_ID_CHARACTERS = frozenset("0123456789abcdef-")
_ID_CHARACTERS_MAX = 40
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of a message; `at` is when it arrived, in Unix time."""

    id: str
    at: float
    recipient: str
    subject: str
    message_id: str


class KeptMessages:
    """A folder of at most `messages_max` messages, none older than `keep_days`."""

    def __init__(self, folder: Path, *, keep_days: int, messages_max: int) -> None:
        self._folder = folder
        self._keep_s = keep_days * _DAY_S
        self._messages_max = messages_max
        # Listing the folder for each message would cost more with each.
        self._count = len(self._names())

    @property
    def count(self) -> int:
        """The number of messages."""
        return self._count

    def put(self, content: bytes) -> str:
        """Write a message to the disk, and return its id; raises OSError."""
        id_ = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft, file = self._folder / f"{id_}.draft", self._folder / f"{id_}{_ENDING}"
        with draft.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        draft.rename(file)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._count += 1
        if self._count > self._messages_max:
            self.drop_old()
        return id_

    def drop_old(self) -> None:
        """Delete what is too old or too much."""
        names = self._names()
        surplus = max(len(names) - self._messages_max, 0)
        end_s = time.time() - self._keep_s
        for place, name in enumerate(names):
            if place >= surplus and _arrived_s(name) >= end_s:
                break
            (self._folder / name).unlink(missing_ok=True)
        self._count = len(self._names())

    def latest(self, limit: int) -> Iterator[Summary]:
        """Yield the latest messages, the newest first."""
        for name in self._names()[: -limit - 1 : -1]:
            id_ = name.removesuffix(_ENDING)
            message = self.find(id_)
            if message is not None:
                yield Summary(
                    id_,
                    _arrived_s(name),
                    str(message.get("To", "")),
                    str(message.get("Subject", "")),
                    str(message.get("Message-ID", "")),
                )

    def find(self, id_: str) -> EmailMessage | None:
        """Return a message; None if there is none with this id."""
        if len(id_) > _ID_CHARACTERS_MAX or set(id_) - _ID_CHARACTERS:
            return None
        try:
            content = (self._folder / f"{id_}{_ENDING}").read_bytes()
        except OSError:
            return None
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(content)

    def _names(self) -> list[str]:
        """Return the names of the files, the oldest first: each begins with its time."""
        return sorted(file.name for file in self._folder.glob(f"*{_ENDING}"))


def _arrived_s(name: str) -> float:
    return int(name.partition("-")[0]) / 1e9
