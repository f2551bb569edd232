"""Examples are built from models."""

from typing import Annotated, Literal, NotRequired

import pytest
from pydantic import Field
from typing_extensions import TypedDict

from shared.http_server.examples import ExampleUnknown, example_of


class Inner(TypedDict):
    caption: str
    kind: Literal["one", "two"]


class Outer(TypedDict):
    user_id: int
    pinned_at: str | None
    seen: bool
    title: Annotated[str, Field(examples=["Said beside it"])]
    inner: list[Inner]
    by_id: dict[str, Inner]
    after: NotRequired[int]


def test_each_field_has_a_value_of_its_type() -> None:
    made = example_of(Outer)
    assert made.keys() == Outer.__annotations__.keys()
    assert isinstance(made["user_id"], int)
    assert made["pinned_at"].endswith("Z")
    assert made["seen"] is False
    assert made["title"] == "Said beside it"
    assert made["inner"][0]["kind"] == "one"
    assert list(made["by_id"].values()) == made["inner"]


def test_a_field_of_which_nothing_is_known_must_be_given_one() -> None:
    with pytest.raises(ExampleUnknown, match="strange"):
        example_of(str, "strange")
