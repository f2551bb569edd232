"""The OpenAPI document of an application, without starting anything."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from fastapi import FastAPI
from pydantic import SecretStr

from shared.settings import ProcessSettings

S = TypeVar("S", bound=ProcessSettings)


def document_of(
    make_app: Callable[[S, Callable[[], AbstractAsyncContextManager[Any]]], FastAPI],
    settings_class: type[S],
    audience: str | None,
    **known: object,
) -> dict[str, Any]:
    """The document of the application that settings with these values would make."""
    keys = {} if audience is None else {audience: SecretStr("never used")}
    settings = settings_class.model_construct(None, internal_keys=keys, **known)
    return make_app(settings, _no_resources).openapi()


def _no_resources() -> AbstractAsyncContextManager[Any]:
    raise RuntimeError("A document needs no resources.")
