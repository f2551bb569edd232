"""The hash of a body depends on its values and not on their order."""

from shared.http_server.idempotency_key import body_hash


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
