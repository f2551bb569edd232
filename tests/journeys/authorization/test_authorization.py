"""Every cell of the table, against the real suite."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.architecture.source_tree import ROOT
from tests.journeys.authorization.cast import RELATIONS, Cell, cast_of, settled
from tests.journeys.authorization.table import ROWS, Row
from tests.journeys.phone import PASSWORD, sign_in
from tests.suite import Suite

# The pattern of every id that a client may send.
_ID = "^[1-9][0-9]{0,18}$"


@pytest.fixture(scope="session")
async def cells(suite: Suite) -> AsyncIterator[list[Cell]]:
    async with cast_of(suite.public_url) as cells:
        yield cells


async def test_every_public_operation_has_a_row(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/v1/openapi.json")).json()
    operations = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert {row.operation for row in ROWS} == operations


def test_every_id_that_a_request_names_has_a_row() -> None:
    """Ids stand not only in paths: whose photo, comment or post is named must matter as well."""
    document = json.loads((ROOT / "docs" / "api" / "gateway.json").read_text(encoding="utf-8"))
    named = {
        (f"{method.upper()} {path}", name)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for name in _ids_of(document, operation)
    }
    assert {name for _, name in named} >= {"photo_ids", "reply_to", "ids", "id"}
    tried = {
        (row.operation, name)
        for row in ROWS
        for name in [*(row.body or {}), *parse_qs(urlsplit(row.address).query)]
    }
    assert not named - tried


def _ids_of(document: Any, operation: Any) -> Iterator[str]:
    """The names of ids in an operation's query and body."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in {"id", "ids"}:
            yield parameter["name"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        shape = content["schema"].get("$ref", "").rpartition("/")[2]
        fields = document["components"]["schemas"].get(shape, {}).get("properties", {})
        for name, field in fields.items():
            if _ID in (field.get("pattern"), field.get("items", {}).get("pattern")):
                yield name


def test_every_row_has_an_outcome_for_every_relation() -> None:
    for row in ROWS:
        for outcomes in (row.public, row.private):
            assert len(outcomes.split()) == len(RELATIONS), row.name
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_caller_gets_the_outcome_of_their_relation(cells: list[Cell], row: Row) -> None:
    expected = f"{row.public} {row.private}".split()
    wrong = []
    for cell, outcome in zip(cells, expected, strict=True):
        reached = await _outcome(row, cell, outcome)
        if reached != outcome:
            wrong.append(f"{cell.relation} of {cell.privacy}: {reached}, not {outcome}")
    assert not wrong, "\n".join([row.name, *wrong])


async def _outcome(row: Row, cell: Cell, expected: str) -> str:
    """The outcome of a reply; for a list, whether it shows the thing if that matters."""
    reply = await _ask(row, cell)
    if row.disturbs and reply.is_success:
        await cell.restore()
        if cell.follows:
            await settled(cell)
    if reply.status_code != 200 or expected.isdecimal():
        return str(reply.status_code)
    return "+" if f'"{_filled(row.shows, cell)}"' in reply.text else "-"


async def _ask(row: Row, cell: Cell) -> httpx.Response:
    method, path = row.operation.split(" ", 1)
    by_owner = row.actor == "owner" and cell.viewer is not None
    http = cell.owner.http if by_owner else cell.viewer_http
    headers = dict(row.headers)
    if row.ends_session and cell.viewer is not None:
        session = await sign_in(str(cell.nobody.base_url), cell.viewer.username)
        headers["Authorization"] = f"Bearer {session['access_token']}"
    body = None if row.body is None else _filled(row.body, cell)
    content = b"Just words." if "Content-Type" in headers else None
    address = _filled(row.address or path, cell)
    if row.is_endless:
        async with http.stream(method, address, headers=headers) as reply:
            return reply
    return await http.request(method, address, json=body, content=content, headers=headers)


def _filled(template: Any, cell: Cell) -> Any:
    if isinstance(template, str):
        return template.format(password=PASSWORD, **cell.names())
    if isinstance(template, Mapping):
        return {name: _filled(value, cell) for name, value in template.items()}
    return [_filled(part, cell) for part in template]
