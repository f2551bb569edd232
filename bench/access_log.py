"""Reads the access lines that processes write while a measurement runs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Self


@dataclass(frozen=True, slots=True)
class AccessLine:
    """A request that a process answered; `began_s` is Unix time."""

    process: str
    request_id: str
    method: str
    path: str
    route: str
    status: int
    began_s: float

    @property
    def is_begun(self) -> bool:
        """Whether a handler ran: a refused request never matches a route."""
        return self.route != "unmatched"


class AccessLogs:
    """New lines of the processes' logs; files stay open, so rotated ones are read to the end."""

    def __init__(self, log_dir: Path, processes: Iterable[str]) -> None:
        self._logs = {name: _Log(log_dir / f"{name}.log") for name in processes}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for log in self._logs.values():
            log.close()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield all unread lines, each with the name of its process."""
        for name, log in self._logs.items():
            for text in log.new_lines():
                yield name, text

    def requests(self) -> Iterator[AccessLine]:
        """Yield the unread access lines of services."""
        for name, text in self.texts():
            said = json.loads(text) if text.startswith("{") and text.endswith("}\n") else {}
            if said.get("event") == "request" and "route" in said:
                yield _line(name, said)


class _Log:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] = path.open(encoding="utf-8", errors="replace")
        self._file.seek(0, 2)

    def new_lines(self) -> Iterator[str]:
        yield from self._file
        if self._path.stat().st_ino != Path(f"/dev/fd/{self._file.fileno()}").stat().st_ino:
            self._file.close()
            self._file = self._path.open(encoding="utf-8", errors="replace")
            yield from self._file

    def close(self) -> None:
        self._file.close()


def _line(process: str, said: dict[str, object]) -> AccessLine:
    ended_s = datetime.fromisoformat(str(said["ts"])).timestamp()
    return AccessLine(
        process=process,
        request_id=str(said["request_id"]),
        method=str(said["method"]),
        path=str(said["path"]),
        route=str(said["route"]),
        status=int(str(said["status"])),
        began_s=ended_s - float(str(said["ms"])) / 1000,
    )
