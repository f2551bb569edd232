"""Every refusal of a field has a code in the table and a sentence in each language."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter
from pydantic_core.core_schema import ErrorType

from shared import faults
from shared.faults import LANGUAGES, SENTENCES, Fault, fault_of_library, language_of
from tests.contract.documents import APPS

ROOT = Path(faults.__file__).resolve().parents[1]

# The errors that each kind of pydantic-core schema node can raise. Look up a new kind in its
# documentation.
_SAID_BY: dict[str, tuple[str, ...]] = {
    "str": ("string_type", "string_sub_type", "string_unicode"),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "float": ("float_type", "float_parsing"),
    "bool": ("bool_type", "bool_parsing"),
    "list": ("list_type",),
    "dict": ("dict_type", "mapping_type"),
    "literal": ("literal_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-fields": ("missing", "model_type", "model_attributes_type", "dict_type"),
    "typed-dict": ("missing", "dict_type"),
    "function-after": ("not_unicode",),
    "no-info": (),
    "nullable": (),
    "default": (),
    "any": (),
    "definitions": (),
    "definition-ref": (),
    "model-field": (),
    "typed-dict-field": (),
}
_SAID_BY_RULE = {
    "min_length": {"str": "string_too_short", "list": "too_short", "dict": "too_short"},
    "max_length": {"str": "string_too_long", "list": "too_long", "dict": "too_long"},
    "pattern": {"str": "string_pattern_mismatch"},
    "ge": dict.fromkeys(("int", "float"), "greater_than_equal"),
    "le": dict.fromkeys(("int", "float"), "less_than_equal"),
    "gt": dict.fromkeys(("int", "float"), "greater_than"),
    "lt": dict.fromkeys(("int", "float"), "less_than"),
    "allow_inf_nan": {"float": "finite_number"},
}
_VALUES = ("min_length", "max_length", "expected", "ge", "gt", "le", "lt")
# Keys of a schema that validate nothing.
_NO_NODES = frozenset({"metadata", "serialization", "schema_ref", "ref", "config"})


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for key, inner in schema.items():
            if key not in _NO_NODES:
                yield from _nodes(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _nodes(inner)


def _kinds_of(schema: Any) -> Iterator[str]:
    for node in _nodes(schema):
        kind = node["type"]
        assert kind in _SAID_BY, f"{kind}: look up what it says, and give it a code"
        yield from _SAID_BY[kind]
        yield from (by[kind] for rule, by in _SAID_BY_RULE.items() if rule in node and kind in by)


def _schemas(dependant: Any) -> Iterator[Any]:
    fields = ("path_params", "query_params", "header_params", "cookie_params", "body_params")
    for name in fields:
        for one in getattr(dependant, name):
            yield TypeAdapter(one.field_info.rebuild_annotation()).core_schema
    for inner in dependant.dependencies:
        yield from _schemas(inner)


def _producible() -> set[str]:
    return {
        "missing",
        *(
            kind
            for app in APPS.values()
            for route in app.routes
            if hasattr(route, "dependant")
            for schema in _schemas(route.dependant)
            for kind in _kinds_of(schema)
        ),
    }


def test_whatever_a_model_of_ours_can_refuse_has_a_code_of_its_own() -> None:
    kinds = _producible()
    assert {"string_too_long", "literal_error", "less_than_equal", "not_unicode"} <= kinds
    assert {k for k in kinds if fault_of_library(k, {}).code == "unacceptable"} == set()


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_sentence_of_the_library_is_shown(kind: str) -> None:
    found = fault_of_library(kind, dict.fromkeys(_VALUES, 3))
    for place, language in enumerate(LANGUAGES):
        assert found.sentence(language) == SENTENCES[found.code][place].format(**found.values)
        assert "…" not in found.sentence(language)


def _names_in(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _how in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_values() -> None:
    for code, sentences in SENTENCES.items():
        assert len(sentences) == len(LANGUAGES)
        assert len({frozenset(_names_in(sentence)) for sentence in sentences}) == 1, code
        assert len(set(sentences)) == len(LANGUAGES), code


def test_every_code_that_a_service_gives_is_in_the_table_with_its_values() -> None:
    given = set()
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fault":
                    (code,) = node.args
                    assert isinstance(code, ast.Constant), path
                    names = {keyword.arg for keyword in node.keywords}
                    assert names == _names_in(SENTENCES[str(code.value)][0]), (path, code.value)
                    given.add(code.value)
    of_library = {fault_of_library(kind, {}).code for kind in get_args(ErrorType)}
    assert SENTENCES.keys() - given - of_library - {"not_unicode"} == set()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("ES-419", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.3, es;q=0.4", "es"),
        ("en, es", "en"),
        ("fr", "en"),
        ("fr, *;q=0.1", "en"),
        ("es;q=0, en;q=0", "en"),
        ("es;q=0, *", "en"),
        ("en;q=0, *", "es"),
        ("es;q=2", "en"),
        (",;=es", "en"),
        ("es" * 5_000, "en"),
        ("es, " * 5_000, "es"),
    ],
)
def test_a_language_is_negotiated(header: str, language: str) -> None:
    assert language_of(header) == language


def test_a_code_of_a_newer_service_keeps_its_sentence() -> None:
    assert Fault("newer", {}, told="Newer.").sentence("es") == "Newer."
    assert Fault("too_long", {}).sentence("es") == "Como máximo … caracteres."
