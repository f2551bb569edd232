"""Deleting the account, and the receipt."""

import pytest

from shared.contracts.accounts import DeletionReceipt
from shared.http_server.examples import example_of
from tests.gateway.conftest import Gateway, all_ended

RECEIPT = example_of(DeletionReceipt)


async def test_a_deletion_gives_a_receipt_and_ends_every_session(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/me/deletion", RECEIPT, status=202)
    password = {"password": "correct horse"}
    reply = await gateway.http.request("DELETE", "/v1/me", json=password)
    assert (reply.status_code, reply.json()) == (202, RECEIPT)
    assert gateway.users.body_of("/me/deletion") == password
    gateway.users.answer("POST", "/sessions/check", all_ended)
    assert (await gateway.http.get("/v1/me")).status_code == 401


async def test_without_the_password_nothing_is_deleted(gateway: Gateway) -> None:
    assert (await gateway.http.delete("/v1/me")).status_code == 422
    assert not gateway.users.asked("/me/deletion")


async def test_a_receipt_is_read_without_a_session(gateway: Gateway) -> None:
    gateway.users.answer("GET", f"/deletions/{RECEIPT['receipt_id']}", RECEIPT)
    reply = await gateway.anonymous.get(f"/v1/deletions/{RECEIPT['receipt_id']}")
    assert (reply.status_code, reply.json()) == (200, RECEIPT)


@pytest.mark.parametrize("receipt_id", ["x", "..", "a.b%2fc", "a.", "1." + "x" * 65])
async def test_an_impossible_receipt_gives_404_without_a_call(
    gateway: Gateway, receipt_id: str
) -> None:
    reply = await gateway.anonymous.get(f"/v1/deletions/{receipt_id}")
    assert reply.status_code == 404
    assert not gateway.users.requests
