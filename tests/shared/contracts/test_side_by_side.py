"""Old and new versions of a service understand one another while an upgrade is under way."""

import copy
import importlib
import json
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from shared import contracts
from shared.contracts.accounts import ExportPage

# The required fields of each shape in 1.0.0, which every later 1.x sends and expects.
_FIRST = Path(__file__).with_name("required_fields_1_0_0.json")
_EXTRA = "a_field_of_a_later_version"


def _shapes() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(contracts.__path__):
        loaded = importlib.import_module(f"{contracts.__name__}.{module.name}")
        for name, kind in vars(loaded).items():
            if is_typeddict(kind) and kind.__module__ == loaded.__name__:
                yield f"{module.name}.{name}", kind


SHAPES = dict(_shapes())


def _values(kind: Any) -> st.SearchStrategy[dict[str, Any]]:
    if kind is ExportPage:  # its items are open: Hypothesis has no values of Any
        items = st.lists(st.dictionaries(st.text(), st.text()), max_size=2)
        return st.fixed_dictionaries(
            {"document": st.text(), "items": items, "next_cursor": st.none() | st.text()}
        )
    return st.from_type(kind)


def _extended(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    """Return a value as a later version sends it: each nested shape has one more field."""
    sent: dict[str, Any] = {_EXTRA: ["of", {"any": "kind"}]}
    hints = kind.__annotations__
    for name, item in value.items():
        sent[name] = _extended_item(hints.get(name), item)
    return sent


def _extended_item(hint: Any, item: Any) -> Any:
    inner = [kind for kind in SHAPES.values() if kind.__name__ in str(hint)]
    nested = next((kind for kind in inner if _is_of(kind, item)), None)
    if nested is not None:
        return _extended(nested, item)
    if isinstance(item, list):
        return [_extended_item(hint, one) for one in item]
    if isinstance(item, dict) and inner:
        return {name: _extended_item(hint, one) for name, one in item.items()}
    return copy.deepcopy(item)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _is_of(kind: Any, item: Any) -> bool:
    try:
        _adapter(kind).validate_python(item)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", SHAPES)
@given(data=st.data())
@settings(max_examples=2)
def test_fields_of_a_later_version_are_ignored(name: str, data: st.DataObject) -> None:
    kind = SHAPES[name]
    value = data.draw(_values(kind))
    read = _adapter(kind).validate_python(_extended(kind, value))
    assert read == _adapter(kind).validate_python(value)


@pytest.mark.parametrize("name", SHAPES)
@given(data=st.data())
@settings(max_examples=2)
def test_an_absent_field_is_tolerated_exactly_where_the_shape_says_so(
    name: str, data: st.DataObject
) -> None:
    kind = SHAPES[name]
    value = data.draw(_values(kind))
    for field in list(value):
        rest = {other: item for other, item in value.items() if other != field}
        assert _is_of(kind, rest) == (field in kind.__optional_keys__), field


def test_what_1_0_needs_is_still_sent_and_nothing_new_is_needed() -> None:
    first = json.loads(_FIRST.read_text(encoding="utf-8"))
    now = {name: sorted(kind.__required_keys__) for name, kind in SHAPES.items()}
    gone = {name: set(fields) - set(now.get(name, ())) for name, fields in first.items()}
    new = {name: set(now[name]) - set(fields) for name, fields in first.items() if name in now}
    assert {name: fields for name, fields in gone.items() if fields} == {}, (
        "processes of 1.0 need these fields: they stay until 2.0"
    )
    assert {name: fields for name, fields in new.items() if fields} == {}, (
        "processes of 1.0 do not send these fields: declare them as NotRequired"
    )
