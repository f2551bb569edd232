"""A typed client is generated from the public document, and does what a phone does with it."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.contract.documents import DOCUMENTS
from tests.eventually import eventually
from tests.journeys.phone import account, picture
from tests.suite import Suite

PACKAGE = "retrato_client"
# What the generator knows no body for, it takes as plain bytes.
_CONFIG = """
post_hooks: []
content_type_overrides:
  application/offset+octet-stream: application/octet-stream
  application/partial-upload: application/octet-stream
  image/*: application/octet-stream
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    (folder / "document.json").write_text(json.dumps(DOCUMENTS["gateway"]), encoding="utf-8")
    (folder / "config.yaml").write_text(_CONFIG, encoding="utf-8")
    command = (
        *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
        *("--path", "document.json", "--config", "config.yaml"),
        *("--meta", "none", "--output-path", PACKAGE),
    )
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def client(generated: Path) -> Iterator["Generated"]:
    sys.path.insert(0, str(generated))
    yield Generated()
    sys.path.remove(str(generated))


class Generated:
    """The parts of the generated package by their names."""

    def model(self, name: str) -> Any:
        return getattr(importlib.import_module(f"{PACKAGE}.models"), name)

    def route(self, operation_id: str) -> ModuleType:
        tag = operation_id.partition("_")[0]
        return importlib.import_module(f"{PACKAGE}.api.{tag}.{operation_id}")

    def client(self, base_url: str, token: str | None = None) -> Any:
        module = importlib.import_module(f"{PACKAGE}.client")
        if token is None:
            return module.Client(base_url=base_url)
        return module.AuthenticatedClient(base_url=base_url, token=token)


def test_the_generated_client_has_a_function_for_each_operation(client: Generated) -> None:
    for operations in DOCUMENTS["gateway"]["paths"].values():
        for operation in operations.values():
            assert client.route(operation["operationId"]).asyncio_detailed


async def test_it_signs_up_publishes_and_reads_the_home_timeline(
    suite: Suite, client: Generated
) -> None:
    sign_up = client.model("SignUp")(**account("alice"))
    async with client.client(suite.public_url) as anyone:
        signed_in = await client.route("accounts_sign_up").asyncio(client=anyone, body=sign_up)
    async with client.client(suite.public_url, signed_in.session.access_token) as alice:
        raw = alice.get_async_httpx_client()
        photo = (await raw.post("/v1/photos", files={"file": picture()})).json()["photo"]
        draft = client.model("Draft")(photo_ids=[photo["id"]], caption="Fog #typed")
        made = await client.route("posts_publish").asyncio(client=alice, body=draft)
        assert made.post.hashtags == ["typed"]

        async def is_at_home() -> None:
            home = await client.route("timelines_get_home_timeline").asyncio(client=alice)
            assert [post.id for post in home.items] == [made.post.id]
            assert home.items[0].author.username == signed_in.user.username

        await eventually(is_at_home)
        missing = await client.route("posts_get_post").asyncio(client=alice, post_id="7")
        assert (missing.status, missing.code) == (404, "not_found")
