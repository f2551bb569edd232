"""Many relationships over HTTP, in one statement."""

from tests.statements import noted_statements
from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_eighty_relationships_take_one_statement(api: UsersApi, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await api.put(f"/users/{bob}/follow", alice)
    ids = [bob, *range(2**50, 2**50 + 79)]
    with noted_statements() as statements:
        response = await api.get("/relationships?" + "&".join(f"ids={i}" for i in ids), alice)
    relationships = response.json()["relationships"]
    assert len(relationships) == 80
    assert [i for i in ids if relationships[str(i)]["following"]] == [bob]
    assert len(statements) == 1


async def test_no_ids_or_too_many_give_422(api: UsersApi) -> None:
    for query in ("", "?ids=x", "?" + "&".join(["ids=1"] * 81)):
        assert (await api.get(f"/relationships{query}", 1)).status_code == 422
