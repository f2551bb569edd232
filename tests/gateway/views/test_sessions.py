"""Sessions as clients see them."""

from pydantic import TypeAdapter

from services.gateway.views import sessions
from tests.gateway.samples import ALICE, signed_in


def test_signing_in_gives_ids_as_strings() -> None:
    shown = sessions.public_signed_in(signed_in(ALICE), 0, "signed:{}".format)
    TypeAdapter(sessions.SignedIn).validate_python(shown, strict=True)
    assert (shown["user"]["id"], shown["session"]["id"]) == (str(ALICE), "9001")
