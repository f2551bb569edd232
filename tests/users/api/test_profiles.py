"""Profiles over HTTP."""

import pytest

from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_a_profile_is_found_by_id_and_by_username_in_any_case(
    api: UsersApi, cast: Cast
) -> None:
    alice, bob = (await cast.person("alice"))["user"], await cast.user_id("bob")
    by_id = await api.get(f"/users/{alice['id']}", bob)
    by_name = await api.get(f"/users/by-username/{alice['username'].upper()}", bob)
    assert by_id.status_code == 200
    assert by_id.json() == by_name.json()
    assert "email" not in by_id.json()


@pytest.mark.parametrize(
    "path",
    [
        "1",
        "0",
        "-1",
        str(2**63 - 1),
        str(2**63),
        "9" * 30,
        "by-username/nobody",
        "by-username/ä%00",
    ],
)
async def test_an_unknown_profile_gives_404(api: UsersApi, path: str) -> None:
    response = await api.get(f"/users/{path}", 1)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_a_call_without_a_token_is_refused(api: UsersApi) -> None:
    assert (await api.client.get("/users/1")).status_code == 401
