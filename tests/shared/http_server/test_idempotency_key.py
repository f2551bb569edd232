"""The hash of a body depends on its values and not on their order."""

from dataclasses import dataclass

from shared.http_server.idempotency_key import body_hash, request_hash


@dataclass
class Before:
    """A request, and a field that has always been part of it."""

    text: str
    place: str | None


@dataclass
class After(Before):
    """The request of a later release, which has one field more."""

    mood: str | None = None


def test_a_field_that_a_release_adds_leaves_the_hashes_of_requests_without_it() -> None:
    for place in (None, "here"):
        assert request_hash(After("a", place)) == request_hash(Before("a", place))
        assert request_hash(Before("a", place)) == body_hash({"text": "a", "place": place})


def test_the_added_field_counts_once_it_is_said() -> None:
    requests = [Before("a", None), After("a", None, "b"), After("a", None, "c")]
    assert len({request_hash(request) for request in requests}) == len(requests)


def test_the_order_of_the_fields_does_not_matter() -> None:
    assert body_hash({"a": 1, "b": [1, 2]}) == body_hash({"b": [1, 2], "a": 1})


def test_any_other_value_is_another_body() -> None:
    bodies: list[dict[str, object]] = [
        {"a": 1},
        {"a": 2},
        {"a": "1"},
        {"b": 1},
        {"a": 1, "b": None},
        {},
    ]
    assert len({body_hash(body) for body in bodies}) == len(bodies)
