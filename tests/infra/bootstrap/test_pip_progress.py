"""An installation reports its progress."""

import pytest

from infra.bootstrap import environments
from infra.bootstrap.environments import PipProgress

OUTPUT = """\
Collecting fastapi==0.115.0 (from -r infra/locks/main.txt (line 3))
  Downloading fastapi-0.115.0-py3-none-any.whl (94 kB)
Collecting fastapi==0.115.0 (from -r infra/locks/main.txt (line 3))
Collecting uvloop==0.21.0 (from -r infra/locks/main.txt (line 9))
Building wheels for collected packages: pillow-simd
Installing collected packages: uvloop, fastapi
"""


def _said(monkeypatch: pytest.MonkeyPatch, *, every_s: float) -> list[str]:
    monkeypatch.setattr(environments, "SAY_EVERY_S", every_s)
    said: list[str] = []
    progress = PipProgress(2, said.append)
    for line in OUTPUT.splitlines(keepends=True):
        progress.heard(line)
    return said


def test_each_package_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _said(monkeypatch, every_s=0) == [
        "package 1 of 2: fastapi==0.115.0",
        "package 1 of 2: fastapi==0.115.0",
        "package 2 of 2: uvloop==0.21.0",
        "building from source, which takes a while",
        "unpacking all of them, which takes a while",
    ]


def test_what_is_fast_is_not_told_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(_said(monkeypatch, every_s=1_000)) == 2
