"""Made-up requests, sound and unsound, get replies of which the documents speak.

`make fuzz` tries more of them. Each route of each document is asked in the name of somebody who is
signed in; what changes the world may do so.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.documents import DOCUMENTS
from tests.contract.doors import Door, open_door
from tests.suite import Suite

EXAMPLES = int(os.environ.get("RETRATO_FUZZ_EXAMPLES", "0"))
# In make test, a few and always the same; made-up ones are the affair of make fuzz.
IS_LONG = EXAMPLES > 0
EXAMPLES_IN_TESTS = 6

LEFT_OUT = {
    "GET /v1/stream": "its reply has no end",
    "POST /stream/events": "it waits for events, two seconds each time",
    "DELETE /v1/sessions/current": "it ends the session that the next request is made in",
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/offset+octet-stream", "application/zip")
def _as_bytes(_context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _operations() -> list[Any]:
    found = []
    for service, document in DOCUMENTS.items():
        schema = schemathesis.openapi.from_dict(document)
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            if operation.label not in LEFT_OUT:
                name = f"{service} {operation.label}"
                found.append(pytest.param(service, operation, id=name.replace("/", "|")))
    return found


@pytest.fixture(scope="module")
def doors(suite: Suite) -> dict[str, Door]:
    return {service: open_door(suite, service) for service in DOCUMENTS}


@pytest.mark.parametrize(("service", "operation"), _operations())
def test_whatever_is_asked_the_reply_is_one_of_the_document(
    doors: dict[str, Door], service: str, operation: APIOperation[Any, Any, Any, Any]
) -> None:
    door = doors[service]

    @settings(
        max_examples=EXAMPLES or EXAMPLES_IN_TESTS,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_cases(operation, door.known))
    def ask(case: Case[Any]) -> None:
        case.validate_response(door.ask(case), checks=CHECKS)

    ask()


def _cases(
    operation: APIOperation[Any, Any, Any, Any], known: dict[str, str]
) -> st.SearchStrategy[Case[Any]]:
    """Sound and unsound ones; where the path names something, also of what there is."""
    sound = operation.as_strategy()
    ways = [sound, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]
    names = {parameter.name for parameter in operation.path_parameters}
    if names and names <= known.keys():
        there = {name: known[name] for name in names}
        ways.append(operation.as_strategy(path_parameters=there))
    return st.one_of(ways)
