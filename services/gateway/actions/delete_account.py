"""Deletes the viewer's account; every session ends, on this replica at once."""

from services.gateway.clients.session_checks import SessionChecks
from services.gateway.clients.users import UsersClient
from shared.contracts.accounts import DeletionReceipt


async def delete_account(
    users: UsersClient, sessions: SessionChecks, password: str, viewer_id: int
) -> DeletionReceipt:
    """Start the deletion; raises Forbidden for a wrong password."""
    try:
        return await users.delete_account(password, viewer_id=viewer_id)
    finally:
        # Even if the reply got lost: the account may be gone.
        sessions.forget(viewer_id)
