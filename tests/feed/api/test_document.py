"""Feed's OpenAPI document tells a caller what it needs about every route."""

from typing import Any

from tests.contract.documents import DOCUMENTS
from tests.feed.feed_api import FeedApi
from tests.suite import Suite


def _operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_route_has_a_summary_an_explanation_and_its_problems() -> None:
    for name, operation in _operations(DOCUMENTS["feed"]):
        assert operation["summary"], name
        assert operation["description"], name
        problems = [status for status in operation["responses"] if int(status) >= 400]
        assert "503" in problems, name
        for status in set(problems) - {"422"}:
            assert "application/problem+json" in operation["responses"][status]["content"], name


def test_every_reply_with_a_body_has_an_example() -> None:
    for name, operation in _operations(DOCUMENTS["feed"]):
        for status, reply in operation["responses"].items():
            if status in {"200", "201"}:
                assert reply["content"]["application/json"]["example"], name


async def test_the_document_and_its_page_are_for_operators(api: FeedApi, data_suite: Suite) -> None:
    for path in ("/openapi.json", "/docs"):
        assert (await api.client.get(path)).status_code == 401
        shown = await api.client.get(path, headers=data_suite.operator_headers)
        assert shown.status_code == 200
