"""users.internal: accounts, sessions, profiles, cards and the follow graph."""

from collections.abc import Sequence
from typing import Any

from services.gateway.clients.patching import PatchingServiceClient
from shared.contracts import people as contract
from shared.contracts.accounts import DeletionReceipt, Export


class UsersClient:
    """The calls of the gateway to users."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def sign_up(self, account: dict[str, Any], idempotency_key: str) -> contract.SignedIn:
        """Create an account and sign it in; raises Conflict when a name is taken."""
        reply: contract.SignedIn = await self._service.post(
            "/users", account, idempotency_key=idempotency_key
        )
        return reply

    async def sign_in(self, credentials: dict[str, Any], idempotency_key: str) -> contract.SignedIn:
        """Open a session; raises Unauthenticated, the same whether the account exists or not."""
        reply: contract.SignedIn = await self._service.post(
            "/sessions", credentials, idempotency_key=idempotency_key
        )
        return reply

    async def check_sessions(self, access_tokens: Sequence[str]) -> list[contract.SessionAnswer]:
        """Who each token stands for, in their order; 100 at most."""
        reply: contract.SessionAnswers = await self._service.post(
            "/sessions/check",
            {"access_tokens": list(access_tokens)},
            idempotent=True,
            timeout_ms=2_000,
        )
        return reply["answers"]

    async def refresh_session(self, refresh_token: str) -> contract.RefreshedSession:
        """The next pair of tokens; raises Unauthenticated. Within the grace it may be repeated."""
        reply: contract.RefreshedSession = await self._service.post(
            "/sessions/refresh", {"refresh_token": refresh_token}, idempotent=True
        )
        return reply

    async def devices(self, viewer_id: int) -> contract.Devices:
        """Where the viewer is signed in."""
        reply: contract.Devices = await self._service.get("/sessions", viewer_id=viewer_id)
        return reply

    async def end_session(self, session_id: int, *, viewer_id: int) -> None:
        """Sign a device out; raises NotFound unless it is the viewer's."""
        await self._service.delete(f"/sessions/{session_id}", viewer_id=viewer_id)

    async def me(self, viewer_id: int) -> contract.Profile:
        """The viewer's own profile, with the private fields."""
        reply: contract.Profile = await self._service.get("/me", viewer_id=viewer_id)
        return reply

    async def edit_me(
        self, changes: dict[str, Any], viewer_id: int, versions: Sequence[int] | None = None
    ) -> contract.Profile:
        """The own profile with these fields changed; raises Conflict, Invalid and by version."""
        reply: contract.Profile = await self._service.patch(
            "/me", changes, viewer_id=viewer_id, versions=versions
        )
        return reply

    async def request_export(self, *, viewer_id: int) -> Export:
        """Begin a copy of the own account, unless one is on its way."""
        reply: Export = await self._service.post(
            "/me/export", {}, viewer_id=viewer_id, idempotent=True
        )
        return reply

    async def export(self, *, viewer_id: int) -> Export:
        """The newest copy; raises NotFound."""
        reply: Export = await self._service.get("/me/export", viewer_id=viewer_id)
        return reply

    async def change_password(self, change: dict[str, Any], *, viewer_id: int) -> None:
        """End all sessions but `session_id`; raises Unauthenticated for a wrong password."""
        await self._service.put("/me/password", change, viewer_id=viewer_id)

    async def delete_account(self, password: str, *, viewer_id: int) -> DeletionReceipt:
        """Begin to erase the viewer; raises Unauthenticated for a wrong password."""
        reply: DeletionReceipt = await self._service.post(
            "/me/deletion", {"password": password}, viewer_id=viewer_id
        )
        return reply

    async def deletion(self, receipt_id: str) -> DeletionReceipt:
        """How far a deletion has got; raises NotFound."""
        reply: DeletionReceipt = await self._service.get(f"/deletions/{receipt_id}")
        return reply

    async def profile(self, user_id: int, *, viewer_id: int) -> contract.Profile:
        """A profile; raises NotFound also where the viewer may not know of it."""
        reply: contract.Profile = await self._service.get(f"/users/{user_id}", viewer_id=viewer_id)
        return reply

    async def profile_by_username(self, username: str, *, viewer_id: int) -> contract.Profile:
        """As `profile`; `username` must be of the characters of usernames."""
        reply: contract.Profile = await self._service.get(
            f"/users/by-username/{username}", viewer_id=viewer_id
        )
        return reply

    async def cards(self, user_ids: list[int], *, viewer_id: int) -> dict[str, contract.Card]:
        """Cards by decimal id, for at most 200; whom the viewer may not know of is left out."""
        if not user_ids:
            return {}
        reply: contract.Cards = await self._service.post(
            "/cards", {"ids": user_ids}, viewer_id=viewer_id, idempotent=True, timeout_ms=2_000
        )
        return reply["cards"]

    async def relationships(
        self, user_ids: list[int], *, viewer_id: int
    ) -> dict[str, contract.Relationship]:
        """How the viewer stands to at most 80 people, by decimal id."""
        reply: contract.Relationships = await self._service.get(
            "/relationships", viewer_id=viewer_id, params={"ids": user_ids}
        )
        return reply["relationships"]

    async def follow(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Follow, or ask a private account."""
        return await self._put_edge(f"/users/{user_id}/follow", viewer_id)

    async def unfollow(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Stop following, or take a request back."""
        return await self._delete_edge(f"/users/{user_id}/follow", viewer_id)

    async def block(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """End both follows and hide each from the other."""
        return await self._put_edge(f"/users/{user_id}/block", viewer_id)

    async def unblock(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Take the own block back."""
        return await self._delete_edge(f"/users/{user_id}/block", viewer_id)

    async def mute(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Keep a person out of the own timelines."""
        return await self._put_edge(f"/users/{user_id}/mute", viewer_id)

    async def unmute(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Let a person into the own timelines again."""
        return await self._delete_edge(f"/users/{user_id}/mute", viewer_id)

    async def accept_request(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Let a person follow who asked to; raises NotFound where nobody asked."""
        return await self._put_edge(f"/me/follow-requests/{user_id}", viewer_id)

    async def refuse_request(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Let a request go."""
        return await self._delete_edge(f"/me/follow-requests/{user_id}", viewer_id)

    async def remove_follower(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """End somebody else's follow of the viewer."""
        return await self._delete_edge(f"/me/followers/{user_id}", viewer_id)

    async def followers(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PersonPage:
        """Who follows, newest first; `page` holds limit and cursor."""
        return await self._people(f"/users/{user_id}/followers", page, viewer_id)

    async def following(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.PersonPage:
        """Who is followed, newest first; `page` holds limit and cursor."""
        return await self._people(f"/users/{user_id}/following", page, viewer_id)

    async def follow_requests(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """Who asks to follow the viewer, newest first."""
        return await self._people("/me/follow-requests", page, viewer_id)

    async def search(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """People by the beginning of a name; `page` holds it as `q`."""
        return await self._people("/users/search", page, viewer_id)

    async def suggested(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """Whom the people that the viewer follows follow, most shared first."""
        return await self._people("/users/suggested", page, viewer_id)

    async def blocks(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """Whom the viewer blocks, newest first."""
        return await self._people("/me/blocks", page, viewer_id)

    async def mutes(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """Whom the viewer mutes, newest first."""
        return await self._people("/me/mutes", page, viewer_id)

    # Each of these is the same again when repeated.
    async def _put_edge(self, path: str, viewer_id: int) -> contract.RelationshipReply:
        reply: contract.RelationshipReply = await self._service.put(path, None, viewer_id=viewer_id)
        return reply

    async def _delete_edge(self, path: str, viewer_id: int) -> contract.RelationshipReply:
        reply: contract.RelationshipReply = await self._service.delete(path, viewer_id=viewer_id)
        return reply

    async def _people(self, path: str, page: dict[str, Any], viewer_id: int) -> contract.PersonPage:
        reply: contract.PersonPage = await self._service.get(path, viewer_id=viewer_id, params=page)
        return reply
