"""Builds example replies from their models, so that a new field needs no example by hand."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from shared.contracts.examples import CURSOR, POST_ID, TIME, USER_ID, VALUES

_BY_ENDING: Mapping[str, Any] = {
    "id": USER_ID,
    "ids": USER_ID,
    "at": TIME,
    "cursor": CURSOR,
    "count": 3,
    "after": USER_ID,
    "counts": 42,
    "known": USER_ID,
}


class ExampleUnknown(LookupError):
    """Neither the type, nor the name, nor the table gives an example for the field."""


def example_of(model: Any, field: str = "") -> Any:
    """Return a realistic value of a model; raises ExampleUnknown.

    A field's own example wins, then the table in `shared.contracts.examples`.
    """
    if is_typeddict(model):
        hints = get_type_hints(model, include_extras=True)
        return {name: example_of(hint, name) for name, hint in hints.items()}
    origin, parts = get_origin(model), get_args(model)
    if origin is Annotated:
        said = [note.examples[0] for note in parts if isinstance(note, FieldInfo) and note.examples]
        return said[0] if said else example_of(parts[0], field)
    if origin is not None:
        return _composed(origin, parts, field)
    return VALUES[field] if field in VALUES else _plain(model, field)


def _composed(origin: Any, parts: tuple[Any, ...], field: str) -> Any:
    if origin is Literal:
        return parts[0]
    if parts[-1] is Any:
        return {"post_id": POST_ID}
    if origin is dict:
        return {str(USER_ID): example_of(parts[1], field)}
    if field in VALUES:
        return VALUES[field]
    if origin is list:
        return [example_of(parts[0], field)]
    # A field that may be absent or null is shown with a value.
    return example_of(next(part for part in parts if part is not NoneType), field)


def _plain(model: Any, field: str) -> Any:
    if model is bool:
        return False
    ending = field.rpartition("_")[2]
    if ending not in _BY_ENDING:
        raise ExampleUnknown(f"{field}: {model}")
    return model(_BY_ENDING[ending])
