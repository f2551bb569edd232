"""Checks one token, for tests."""

from services.users.actions.check_sessions import check_sessions
from services.users.resources import Resources
from shared.contracts.people import SessionCheck
from shared.errors import SessionEnded, TokenExpired, TokenUnknown, Unavailable


async def check_session(resources: Resources, access_token: str) -> SessionCheck:
    """The token's session; raises as the gateway would, and Unavailable if it is unknown."""
    (answer,) = await check_sessions(
        resources.group, resources.sessions, resources.tokens, [access_token]
    )
    if answer["state"] == "unknown":
        raise Unavailable
    if answer["session"] is None:
        raise {"expired": TokenExpired, "ended": SessionEnded, "made_up": TokenUnknown}[
            answer["state"]
        ]
    return answer["session"]
