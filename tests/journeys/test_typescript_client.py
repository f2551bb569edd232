"""A TypeScript client with types from the public document does the main job."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.contract.documents import DOCUMENTS
from tests.journeys.node_programs import install, npm, require_node
from tests.journeys.phone import account, picture
from tests.suite import Suite

pytestmark = pytest.mark.long

CLIENT = Path(__file__).parent / "typescript"
WHOLE_DAY = [
    "signed up",
    "photo ready",
    "published",
    "read at home and by its tag",
    "refreshed",
    "edited",
    "deleted",
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's folder, after the compiler has accepted types and client."""
    require_node("A client in TypeScript")
    folder = install(CLIENT, tmp_path_factory.mktemp("typescript") / "client")
    (folder / "gateway.json").write_text(json.dumps(DOCUMENTS["gateway"]), encoding="utf-8")
    npm(folder, "run", "--silent", "types")
    npm(folder, "run", "--silent", "build")
    return folder


def test_the_types_name_every_operation(compiled: Path) -> None:
    types = (compiled / "api.d.ts").read_text(encoding="utf-8")
    for operations in DOCUMENTS["gateway"]["paths"].values():
        for operation in operations.values():
            assert f'operations["{operation["operationId"]}"]' in types


async def test_the_client_completes_a_first_day_of_a_phone(suite: Suite, compiled: Path) -> None:
    (compiled / "fog.jpg").write_bytes(picture(600, 750))
    username = account("alice")["username"]
    day = ("run", "--silent", "start", "--", suite.public_url, username, "fog.jpg")
    said = await asyncio.to_thread(npm, compiled, *day)
    assert said.splitlines() == WHOLE_DAY
