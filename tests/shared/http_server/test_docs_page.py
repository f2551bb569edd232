"""The API page needs no other server."""

import re

import httpx
import pytest

from tests.shared.replica_process import AS_OPERATOR

OUTSIDE = re.compile(r"(?:src|href)=\"(?:https?:)?//")


@pytest.fixture(autouse=True)
def as_operator(http: httpx.AsyncClient) -> None:
    http.headers.update(AS_OPERATOR)


async def test_the_page_names_nothing_outside(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assert not OUTSIDE.search(page)
    assert "http" not in page


async def test_every_part_of_the_page_lies_below_it(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    parts = re.findall(r'below \+ "([^"]+)"', page)
    assert len(parts) == 3
    for part in parts:
        assert (await http.get(f"/docs/{part}")).status_code == 200


async def test_the_style_sheet_loads_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    style = (await http.get("/docs/assets/swagger-ui.css")).text
    assert not re.search(r"url\((?![\"']?data:)", style)
    assert "@import" not in style


async def test_the_validator_outside_is_off(http: httpx.AsyncClient) -> None:
    assert '"validatorUrl":null' in (await http.get("/docs")).text


async def test_the_document_describes_problems_and_the_token(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    replies = document["paths"]["/private/{item_id}"]["get"]["responses"]
    reference = replies["404"]["content"]["application/problem+json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"
    assert set(document["components"]["schemas"]["Problem"]["required"]) >= {"code", "request_id"}
    assert "ProblemField" in document["components"]["schemas"]


async def test_a_document_never_describes_the_probes(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert not {"/live", "/ready", "/metrics", "/docs"} & set(paths)
