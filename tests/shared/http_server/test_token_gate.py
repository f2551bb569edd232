"""Only a valid token of another service passes the gate."""

import time

import httpx
import jwt
import pytest

from shared.network.internal_tokens import InternalTokenRefused, TokenSigner, TokenVerifier
from tests.shared.replica_process import KEYS

KEY = KEYS["users"]
NOW_S = int(time.time())
SOUND = {"iss": "gateway-1", "aud": "users", "iat": NOW_S, "exp": NOW_S + 30, "sub": "42"}


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(key=KEY, audience="users")


def test_a_signed_token_names_its_viewer(verifier: TokenVerifier) -> None:
    signer = TokenSigner(key=KEY, audience="users", caller="gateway-1")
    assert verifier.viewer_id(signer.token(42)) == 42
    assert verifier.viewer_id(signer.token(None)) is None


@pytest.mark.parametrize(
    "claims",
    [
        {**SOUND, "aud": "feed"},
        {**SOUND, "iat": NOW_S - 60, "exp": NOW_S - 30},
        {**SOUND, "exp": NOW_S + 3_600},
        {**SOUND, "sub": "alice"},
        {name: value for name, value in SOUND.items() if name != "exp"},
        {name: value for name, value in SOUND.items() if name != "aud"},
        {name: value for name, value in SOUND.items() if name != "iss"},
    ],
    ids=["other audience", "expired", "long-lived", "no id", "endless", "no audience", "no caller"],
)
def test_an_unsound_token_is_refused(verifier: TokenVerifier, claims: dict[str, object]) -> None:
    with pytest.raises(InternalTokenRefused):
        verifier.viewer_id(jwt.encode(claims, KEY, "HS256"))


def test_another_key_is_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(InternalTokenRefused):
        verifier.viewer_id(jwt.encode(SOUND, "b" * 64, "HS256"))


def test_a_key_that_is_being_replaced_still_counts() -> None:
    both = TokenVerifier(key="b" * 64, audience="users", others=("c" * 64, KEY))
    signer = TokenSigner(key=KEY, audience="users", caller="gateway-1")
    assert both.viewer_id(signer.token(42)) == 42
    with pytest.raises(InternalTokenRefused):
        both.viewer_id(jwt.encode(SOUND, "d" * 64, "HS256"))


def test_an_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(InternalTokenRefused):
        verifier.viewer_id(jwt.encode(SOUND, "", "none"))


def test_a_token_is_used_again_for_the_same_viewer_only() -> None:
    signer = TokenSigner(key=KEY, audience="users", caller="gateway-1")
    assert signer.token(42) == signer.token(42)
    assert signer.token(42) != signer.token(43)


def test_a_token_seen_before_is_checked_again_when_it_is_over(verifier: TokenVerifier) -> None:
    token = jwt.encode({**SOUND, "iat": NOW_S - 60, "exp": NOW_S - 30}, KEY, "HS256")
    verifier._seen[token] = (42, NOW_S - 30.0)
    with pytest.raises(InternalTokenRefused):
        verifier.viewer_id(token)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, {"X-Viewer-Id": "42"}],
)
async def test_a_service_refuses_calls_without_a_token(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for path in ("/who", "/nowhere", "/private/1"):
        reply = await http.get(path, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "internal_token_refused")


@pytest.mark.parametrize("path", ["/live", "/ready"])
async def test_probes_need_no_token(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


async def test_a_path_with_its_own_check_needs_no_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/open/page")).json() == {"viewer_id": None}


@pytest.mark.parametrize("path", ["/docs/../who", "/docs/%2e%2e/who", "//who", "/open/../who"])
async def test_no_spelling_of_a_path_gets_past_the_gate(http: httpx.AsyncClient, path: str) -> None:
    reply = await http.get(httpx.URL("https://users.internal", raw_path=path.encode()))
    assert reply.status_code in {401, 404}
