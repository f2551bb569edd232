"""The images of `make image` are small, and hold no secret, no compiler and no way to root."""

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from infra.containers.images import image_names
from infra.containers.parts import IMAGES
from tests.container_suite import ENGINE, engine

_BYTES_MAX = 450_000_000
# A key as a file; libraries have the words alone among their strings.
_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}")
_SECRET_NAMES = re.compile(r"(^|/)(secrets\.json|.*\.key|\.env|.*\.pgpass|\.git|id_[a-z0-9]+)$")
_LOOK_BYTES_MAX = 1_000_000


def _is_there(name: str) -> bool:
    look = [ENGINE, "image", "inspect", "--format={{.Id}}", name]
    return subprocess.run(look, check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        shutil.which(ENGINE) is None or not all(map(_is_there, image_names().values())),
        reason="needs podman, and `make image`",
    ),
]


@pytest.fixture(params=IMAGES)
def image(request: pytest.FixtureRequest) -> str:
    return image_names()[request.param]


def _run(image: str, script: str) -> list[str]:
    words = ("run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--entrypoint=sh")
    return engine(*words, image, "-c", script).split()


def test_an_image_is_small(image: str) -> None:
    assert int(engine("image", "inspect", "--format={{.Size}}", image)) <= _BYTES_MAX


def test_an_image_runs_as_nobody_and_compiles_nothing(image: str) -> None:
    tools = "cc gcc g++ cpp ld as make pip pip3 curl wget git"
    assert _run(image, f"id -u; for one in {tools}; do command -v $one; done; true") == ["10001"]


def test_no_program_of_an_image_becomes_root_by_itself_without_its_bit(image: str) -> None:
    # `no-new-privileges` makes these bits idle; a file with a capability would be news.
    found = _run(image, "find / -xdev -perm -4000 -user root 2>/dev/null | sort")
    known = {"chfn", "chsh", "gpasswd", "mount", "newgrp", "passwd", "su", "umount"}
    assert {Path(one).name for one in found} <= known


def test_history_and_settings_of_an_image_hold_no_secret(image: str) -> None:
    shown = engine("history", "--no-trunc", image) + engine("image", "inspect", image)
    assert not re.search(
        r"(?i)(password|passwd|secret|token|api_?key)\s*[=:]\s*[\"']?[^\s\"',]+", shown
    )


def test_no_layer_of_an_image_holds_a_key(image: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    engine("save", "--output", str(archive), image)
    try:
        found = [f"{layer}: {name}" for layer, name in _suspects(archive)]
    finally:
        archive.unlink()
    assert found == []


def _suspects(archive: Path) -> Iterator[tuple[str, str]]:
    """Yield the files, of every layer, that look like a key or have the name of a secret."""
    with tarfile.open(archive) as outer:
        (entry,) = json.load(_opened(outer, "manifest.json"))
        for layer in entry["Layers"]:
            with tarfile.open(fileobj=_opened(outer, layer)) as inner:
                for member in inner:
                    if member.isfile() and _is_suspect(inner, member):
                        yield layer, member.name


def _is_suspect(layer: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    if _SECRET_NAMES.search(member.name):
        return True
    content = layer.extractfile(member)
    return content is not None and bool(_KEY.search(content.read(_LOOK_BYTES_MAX)))


def _opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.extractfile(name)
    assert member is not None, name
    return member
