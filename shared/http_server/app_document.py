"""Makes an application for its OpenAPI document, without opening any resource."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from fastapi import FastAPI
from pydantic import SecretStr

from shared.settings import ProcessSettings

S = TypeVar("S", bound=ProcessSettings)


def app_of(
    make_app: Callable[[S, Callable[[], AbstractAsyncContextManager[Any]]], FastAPI],
    settings_class: type[S],
    audience: str | None,
    **known: object,
) -> FastAPI:
    """Make the application with unvalidated settings; its lifespan raises RuntimeError."""
    keys = {} if audience is None else {audience: SecretStr("never used")}
    settings = settings_class.model_construct(None, internal_keys=keys, **known)
    return make_app(settings, _no_resources)


def _no_resources() -> AbstractAsyncContextManager[Any]:
    raise RuntimeError("A document needs no resources.")
