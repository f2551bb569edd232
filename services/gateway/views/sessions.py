"""Sessions and signed-in devices as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.domain.media_urls import UrlOf
from services.gateway.views.people import Me, public_me
from services.gateway.views.wire_types import Id, Time
from shared.contracts import people as contract


class Session(TypedDict):
    """A signed-in device with its tokens, which no other reply shows."""

    id: Id
    access_token: Annotated[str, Field(examples=["rta_8dK2mPq0.1.c2lnbmF0dXJl"])]
    access_expires_at: Time
    refresh_token: Annotated[str, Field(examples=["rtr_8dK2mPq0.1.cmVmcmVzaA"])]
    refresh_expires_at: Time


class SignedIn(TypedDict):
    """The reply to sign-up and sign-in."""

    user: Me
    session: Session
    device_token: Annotated[
        str,
        Field(
            description="Keep it after signing out, and send it at the next sign-in.",
            examples=["rtd_8dK2mPq0.1.b25jZSBrbm93bg"],
        ),
    ]


class RefreshedSession(TypedDict):
    """The reply to a refresh."""

    session: Session


class Device(TypedDict):
    """A session without its tokens."""

    id: Id
    device: Annotated[str, Field(examples=["Alice's phone"])]
    created_at: Time
    last_seen_at: Annotated[Time, Field(description="When its tokens were last refreshed.")]
    is_current: Annotated[bool, Field(description="Whether this request comes from it.")]


class Devices(TypedDict):
    """The devices where a user is signed in."""

    items: list[Device]


def public_signed_in(
    signed_in: contract.SignedIn, posts_count: int | None, url_of: UrlOf
) -> SignedIn:
    """Convert account and tokens after sign-up or sign-in."""
    return {
        "user": public_me(signed_in["user"], posts_count, url_of),
        "session": public_session(signed_in["session"]),
        "device_token": signed_in["device_token"],
    }


def public_session(session: contract.Session) -> Session:
    """Convert a session with its pair of tokens."""
    return {
        "id": str(session["id"]),
        "access_token": session["access_token"],
        "access_expires_at": session["access_expires_at"],
        "refresh_token": session["refresh_token"],
        "refresh_expires_at": session["refresh_expires_at"],
    }


def public_devices(devices: contract.Devices, current_id: int) -> Devices:
    """Convert the devices, and mark the caller's."""
    return {
        "items": [
            {
                "id": str(device["id"]),
                "device": device["device"],
                "created_at": device["created_at"],
                "last_seen_at": device["last_seen_at"],
                "is_current": device["id"] == current_id,
            }
            for device in devices["items"]
        ]
    }
