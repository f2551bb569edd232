"""Calls users about accounts, sessions, profiles, cards and the follow graph."""

from collections.abc import Sequence
from typing import Any

from services.gateway.clients.patching import PatchingServiceClient
from shared.contracts import people as contract
from shared.contracts.accounts import DeletionReceipt, Export


class UsersClient:
    """The gateway's calls to users."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def sign_up(self, account: dict[str, Any], idempotency_key: str) -> contract.SignedIn:
        """Create an account and sign it in; raises Conflict if a name is taken."""
        reply: contract.SignedIn = await self._service.post(
            "/users", account, idempotency_key=idempotency_key
        )
        return reply

    async def ask_verification(self, language: str, *, viewer_id: int) -> None:
        """Have a code sent to the viewer's address; raises Conflict and TooManyRequests."""
        await self._service.post(
            "/me/email/verification", {"language": language}, viewer_id=viewer_id
        )

    async def verify_address(self, code: str, *, viewer_id: int) -> contract.Profile:
        """Verify the viewer's address; raises Forbidden for a wrong code."""
        reply: contract.Profile = await self._service.put(
            "/me/email/verification", {"code": code}, viewer_id=viewer_id
        )
        return reply

    async def ask_address_change(self, wish: dict[str, Any], *, viewer_id: int) -> None:
        """Have a code sent to a new address; raises Forbidden for a wrong password."""
        await self._service.post("/me/email", wish, viewer_id=viewer_id)

    async def change_address(self, code: str, *, viewer_id: int) -> contract.Profile:
        """Change the viewer's address; raises Forbidden and Conflict."""
        reply: contract.Profile = await self._service.put(
            "/me/email", {"code": code}, viewer_id=viewer_id
        )
        return reply

    async def ask_reset(self, forgotten: dict[str, Any]) -> None:
        """Have a code for a new password sent, if the login is an account's."""
        await self._service.post("/password-resets", forgotten)

    async def reset_password(self, reset: dict[str, Any]) -> None:
        """Set a new password by a code or link; raises Forbidden and Invalid."""
        await self._service.put("/password-resets", reset)

    async def open_link(self, link: str) -> contract.OpenedLink:
        """Do what the link of a message stands for; raises Forbidden if it has ended."""
        reply: contract.OpenedLink = await self._service.post("/links", {"link": link})
        return reply

    async def sign_in(self, credentials: dict[str, Any], idempotency_key: str) -> contract.SignedIn:
        """Open a session; raises Unauthenticated whether or not the account exists."""
        reply: contract.SignedIn = await self._service.post(
            "/sessions", credentials, idempotency_key=idempotency_key
        )
        return reply

    async def check_sessions(self, access_tokens: Sequence[str]) -> list[contract.SessionAnswer]:
        """The state of at most 100 access tokens, in their order."""
        reply: contract.SessionAnswers = await self._service.post(
            "/sessions/check",
            {"access_tokens": list(access_tokens)},
            idempotent=True,
            timeout_ms=2_000,
        )
        return reply["answers"]

    async def refresh_session(self, refresh_token: str) -> contract.RefreshedSession:
        """The next pair of tokens; raises Unauthenticated. Repeatable for 30 s."""
        reply: contract.RefreshedSession = await self._service.post(
            "/sessions/refresh", {"refresh_token": refresh_token}, idempotent=True
        )
        return reply

    async def devices(self, viewer_id: int) -> contract.Devices:
        """The devices where the viewer is signed in."""
        reply: contract.Devices = await self._service.get("/sessions", viewer_id=viewer_id)
        return reply

    async def end_session(self, session_id: int, *, viewer_id: int) -> None:
        """Sign a device out; raises NotFound unless it is the viewer's."""
        await self._service.delete(f"/sessions/{session_id}", viewer_id=viewer_id)

    async def me(self, viewer_id: int) -> contract.Profile:
        """The viewer's profile, with its private fields."""
        reply: contract.Profile = await self._service.get("/me", viewer_id=viewer_id)
        return reply

    async def edit_me(
        self, changes: dict[str, Any], viewer_id: int, versions: Sequence[int] | None = None
    ) -> contract.Profile:
        """Edit the viewer's profile; raises Conflict, Invalid and PreconditionFailed."""
        reply: contract.Profile = await self._service.patch(
            "/me", changes, viewer_id=viewer_id, versions=versions
        )
        return reply

    async def request_export(self, password: str, *, viewer_id: int) -> Export:
        """Begin a copy of the viewer's account; raises Forbidden for a wrong password."""
        reply: Export = await self._service.post(
            "/me/export", {"password": password}, viewer_id=viewer_id
        )
        return reply

    async def export(self, *, viewer_id: int) -> Export:
        """The newest copy; raises NotFound."""
        reply: Export = await self._service.get("/me/export", viewer_id=viewer_id)
        return reply

    async def change_password(self, change: dict[str, Any], *, viewer_id: int) -> None:
        """Change the password and end all sessions except `session_id`.

        Raises Forbidden for a wrong password.
        """
        await self._service.put("/me/password", change, viewer_id=viewer_id)

    async def delete_account(self, password: str, *, viewer_id: int) -> DeletionReceipt:
        """Start deleting the viewer's account; raises Forbidden for a wrong password."""
        reply: DeletionReceipt = await self._service.post(
            "/me/deletion", {"password": password}, viewer_id=viewer_id
        )
        return reply

    async def deletion(self, receipt_id: str) -> DeletionReceipt:
        """The progress of a deletion; raises NotFound."""
        reply: DeletionReceipt = await self._service.get(f"/deletions/{receipt_id}")
        return reply

    async def profile(self, user_id: int, *, viewer_id: int) -> contract.Profile:
        """A profile; raises NotFound also if the viewer may not know of it."""
        reply: contract.Profile = await self._service.get(f"/users/{user_id}", viewer_id=viewer_id)
        return reply

    async def profile_by_username(self, username: str, *, viewer_id: int) -> contract.Profile:
        """Like `profile`; `username` may hold only the characters of usernames."""
        reply: contract.Profile = await self._service.get(
            f"/users/by-username/{username}", viewer_id=viewer_id
        )
        return reply

    async def cards(self, user_ids: list[int], *, viewer_id: int) -> dict[str, contract.Card]:
        """Cards of at most 200 people by decimal id, without those the viewer may not know of."""
        if not user_ids:
            return {}
        reply: contract.Cards = await self._service.post(
            "/cards", {"ids": user_ids}, viewer_id=viewer_id, idempotent=True, timeout_ms=2_000
        )
        return reply["cards"]

    async def relationships(
        self, user_ids: list[int], *, viewer_id: int
    ) -> dict[str, contract.Relationship]:
        """The viewer's relationships with at most 80 people, by decimal id."""
        reply: contract.Relationships = await self._service.get(
            "/relationships", viewer_id=viewer_id, params={"ids": user_ids}
        )
        return reply["relationships"]

    async def follow(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Follow, or request to follow a private account."""
        return await self._put_edge(f"/users/{user_id}/follow", viewer_id)

    async def unfollow(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Stop following, or withdraw a request."""
        return await self._delete_edge(f"/users/{user_id}/follow", viewer_id)

    async def block(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """End both follows and hide each from the other."""
        return await self._put_edge(f"/users/{user_id}/block", viewer_id)

    async def unblock(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Remove the viewer's block."""
        return await self._delete_edge(f"/users/{user_id}/block", viewer_id)

    async def mute(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Keep a person out of the viewer's timelines."""
        return await self._put_edge(f"/users/{user_id}/mute", viewer_id)

    async def unmute(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Let a person into the viewer's timelines again."""
        return await self._delete_edge(f"/users/{user_id}/mute", viewer_id)

    async def accept_request(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Accept a follow request; raises NotFound if there is none."""
        return await self._put_edge(f"/me/follow-requests/{user_id}", viewer_id)

    async def refuse_request(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """Refuse a follow request."""
        return await self._delete_edge(f"/me/follow-requests/{user_id}", viewer_id)

    async def remove_follower(self, user_id: int, *, viewer_id: int) -> contract.RelationshipReply:
        """End another person's follow of the viewer."""
        return await self._delete_edge(f"/me/followers/{user_id}", viewer_id)

    async def followers(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.CountedPersonPage:
        """Followers of a person, newest first; `page` holds limit and cursor."""
        return await self._counted(f"/users/{user_id}/followers", page, viewer_id)

    async def following(
        self, user_id: int, page: dict[str, Any], *, viewer_id: int
    ) -> contract.CountedPersonPage:
        """Followees of a person, newest first; `page` holds limit and cursor."""
        return await self._counted(f"/users/{user_id}/following", page, viewer_id)

    async def follow_requests(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """Open requests to follow the viewer, newest first."""
        return await self._people("/me/follow-requests", page, viewer_id)

    async def search(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """People by the beginning of a name, which `page` holds as `q`."""
        return await self._people("/users/search", page, viewer_id)

    async def suggested(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """People followed by the viewer's followees, most shared first."""
        return await self._people("/users/suggested", page, viewer_id)

    async def blocks(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """People whom the viewer blocks, newest first."""
        return await self._people("/me/blocks", page, viewer_id)

    async def mutes(self, page: dict[str, Any], *, viewer_id: int) -> contract.PersonPage:
        """People whom the viewer mutes, newest first."""
        return await self._people("/me/mutes", page, viewer_id)

    # Each of these calls is repeatable.
    async def _put_edge(self, path: str, viewer_id: int) -> contract.RelationshipReply:
        reply: contract.RelationshipReply = await self._service.put(path, None, viewer_id=viewer_id)
        return reply

    async def _delete_edge(self, path: str, viewer_id: int) -> contract.RelationshipReply:
        reply: contract.RelationshipReply = await self._service.delete(path, viewer_id=viewer_id)
        return reply

    async def _people(self, path: str, page: dict[str, Any], viewer_id: int) -> contract.PersonPage:
        reply: contract.PersonPage = await self._service.get(path, viewer_id=viewer_id, params=page)
        return reply

    async def _counted(
        self, path: str, page: dict[str, Any], viewer_id: int
    ) -> contract.CountedPersonPage:
        reply: contract.CountedPersonPage = await self._service.get(
            path, viewer_id=viewer_id, params=page
        )
        return reply
