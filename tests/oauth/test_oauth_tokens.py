"""Access tokens of a real issuer: which act as grants, and what each of the others is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK
from jwt.utils import base64url_encode
from kustomer_mcp_acme.runtime.authentication import Admitted, Authenticator, Refused
from oauth_kit import IssuerProcess, Served, served

METADATA = 'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"'


@pytest.fixture
def server(tmp_path: Path, issuer: IssuerProcess) -> Served:
    return served(tmp_path, issuer.url)


@pytest.mark.parametrize("key", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_a_token_acts_as_the_grant_of_its_scope(server: Served, issuer: IssuerProcess, key: str) -> None:
    id = await server.grant("ops")
    found = await server.ask(issuer.token("openid ops", key=key))
    assert isinstance(found, Admitted)
    grant = await server.grants.get(id)
    assert grant is not None and grant.last_used_at is not None
    assert (found.access.grant, found.access.tools) == (id, grant.narrowing.of(server.grants.rows))
    assert found.access.expires_at is not None and 300 < found.access.expires_at - time.time() <= 331
    assert found.subject and "user-1" not in found.subject


@pytest.mark.parametrize(
    "asked",
    [
        {"claims": {"aud": ["https://other.example", "https://mcp.example.com/mcp"]}},
        {"claims": {"scope": None, "scp": ["ops"]}},
        {"claims": {"scope": None, "scp": "other ops"}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": None}},
        {"header": {"typ": "application/at+jwt"}},
        {"claims": {"nonce": "n"}},
        {"from_now": {"exp": -5, "nbf": 25}},
    ],
)
async def test_what_issuers_write_in_other_ways_is_understood(
    server: Served, issuer: IssuerProcess, asked: dict[str, Any]
) -> None:
    await server.grant("ops")
    assert isinstance(await server.ask(issuer.token(**asked)), Admitted)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("another audience", {"claims": {"aud": "https://other.example/mcp"}}, "another audience"),
    ("a longer audience", {"claims": {"aud": "https://mcp.example.com/mcp/x"}}, "another audience"),
    ("no audience", {"claims": {"aud": None}}, "not valid"),
    ("another issuer", {"claims": {"iss": "https://evil.example"}}, "another issuer"),
    ("no issuer", {"claims": {"iss": None}}, "not valid"),
    ("expired", {"from_now": {"exp": -31}}, "expired"),
    ("no expiry", {"claims": {"exp": None}}, "not valid"),
    ("expiry that is no number", {"claims": {"exp": "never"}}, "not valid"),
    ("an expiry beyond all time", {"claims": {"exp": 10**400}}, "not valid"),
    ("not valid yet", {"from_now": {"nbf": 600}}, "not valid"),
    ("made in the future", {"from_now": {"iat": 600}}, "not valid"),
    ("an ID token by its nonce", {"claims": {"nonce": "n"}, "header": {"typ": "JWT"}}, "ID token"),
    ("an ID token by its hash", {"claims": {"at_hash": "n"}, "header": {"typ": None}}, "ID token"),
    ("a refresh token", {"claims": {"typ": "Refresh"}, "header": {"typ": "JWT"}}, "no access token"),
    ("another kind of JWT", {"header": {"typ": "logout+jwt"}}, "no access token"),
    ("an extension nobody knows", {"header": {"crit": ["b64"], "b64": True}}, "no JWT"),
    ("a key nobody knows", {"header": {"kid": "stranger"}}, "no key"),
    ("no key id where there are several", {"header": {"kid": None}}, "no key"),
    ("a key of another kind", {"header": {"kid": "ES256-0"}}, "no key"),
    ("another key of the kind", {"key": "PS256", "header": {"kid": "RS256-0"}}, "not valid"),
    ("a key that is too short", {"key": "weak"}, "no key"),
]


@pytest.mark.parametrize(("asked", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_a_token_that_proves_nothing_is_refused_with_its_reason(
    tmp_path: Path, fixed_issuer: IssuerProcess, asked: dict[str, Any], told: str
) -> None:
    server = served(tmp_path, fixed_issuer.url)
    await server.grant("ops")
    status, challenge = await server.refusal(fixed_issuer.token(**asked))
    assert status == 401
    assert challenge.startswith('Bearer error="invalid_token", error_description="') and told in challenge
    assert challenge.endswith(f'scope="ops", {METADATA}')


async def test_unsigned_and_symmetric_tokens_are_refused(server: Served, issuer: IssuerProcess) -> None:
    """`none`, and HMAC with the public key as its secret (RFC 8725, 3.1 and 3.2)."""
    await server.grant("ops")
    good = issuer.token()
    _, claims, signature = good.split(".")
    (public,) = [key for key in issuer.published() if key["kid"].startswith("RS256")][-1:]
    key = PyJWK(public, "RS256").key
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def header(**values: Any) -> str:
        return base64url_encode(json.dumps({"typ": "at+jwt", "kid": public["kid"], **values}).encode()).decode()

    forged = [f"{header(alg=word)}.{claims}.{tail}" for word in ("none", "None", "NONE") for tail in ("", signature)]
    for secret in (pem, json.dumps(public).encode(), b""):
        signed = f"{header(alg='HS256')}.{claims}"
        forged.append(
            f"{signed}.{base64url_encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).decode()}"
        )
    assert isinstance(await server.ask(good), Admitted)
    for token in forged:
        status, challenge = await server.refusal(token)
        assert status == 401 and "must be signed with one of RS256" in challenge


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "{}", "é.é.é", "x" * 20_000, "bnVsbA.bnVsbA.bnVsbA", "W10.W10.W10"]
)
async def test_what_is_no_jwt_is_refused_without_asking_the_issuer(
    server: Served, issuer: IssuerProcess, token: str
) -> None:
    assert (await server.refusal(token.encode().decode("latin-1")))[0] == 401
    assert (issuer.asked("keys"), issuer.asked("metadata")) == (0, 0)


async def test_a_changed_claim_breaks_the_signature(server: Served, issuer: IssuerProcess) -> None:
    await server.grant("ops")
    head, _, signature = issuer.token("other").split(".")
    _, claims, _ = issuer.token("ops").split(".")
    assert (await server.refusal(f"{head}.{claims}.{signature}"))[0] == 401


async def test_a_token_without_a_scope_of_a_grant_is_told_which_there_are(
    server: Served, issuer: IssuerProcess
) -> None:
    await server.grant("ops")
    await server.grant("billing:read")
    for scope in ("other", "", None, "OPS", "ops,billing:read"):
        status, challenge = await server.refusal(issuer.token(scope))
        assert status == 403
        assert challenge.startswith('Bearer error="insufficient_scope"')
        assert challenge.endswith(f'scope="ops billing:read", {METADATA}')


async def test_several_scopes_hold_the_tools_of_all_and_the_first_expiry(server: Served, issuer: IssuerProcess) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 90))
    one = await server.grant("ops", calls_per_minute=9)
    two = await server.grant("sla", tags=["slas"], exposure="discovery", expires_at=soon, calls_per_minute=4)
    found = await server.ask(issuer.token("sla ops"))
    assert isinstance(found, Admitted)
    alone = [await server.ask(issuer.token(scope)) for scope in ("ops", "sla")]
    assert found.access.grant == found.grant.id == f"{one}+{two}"
    assert found.access.tools == frozenset().union(
        *(each.access.tools or () for each in alone if isinstance(each, Admitted))
    )
    assert found.access.exposure == "discovery" and found.grant.calls_per_minute == 4
    assert found.access.expires_at is not None and found.access.expires_at - time.time() <= 90
    assert await found.still_holds()
    await server.grants.revoke(two, "test")
    assert not await found.still_holds()


async def test_a_grant_that_asks_for_an_api_token_asks_oauth_clients_too(server: Served, issuer: IssuerProcess) -> None:
    await server.grant("ops", require_api_token_auth=True)
    free = await server.grant("free", tags=["slas"])
    api_token = (await server.grants.create_token({"name": "t"}, "test")).secret
    assert (await server.refusal(issuer.token("ops")))[0] == 401
    both = await server.ask(issuer.token("ops free"))
    assert isinstance(both, Admitted) and both.access.grant == free
    whole = await server.ask(issuer.token("ops free"), x_api_token=api_token)
    assert isinstance(whole, Admitted) and "+" in whole.access.grant


async def test_grants_are_reached_by_their_own_secrets_beside_oauth(server: Served, issuer: IssuerProcess) -> None:
    made = await server.grants.create({"name": "direct"}, "test")
    assert isinstance(await server.ask(made.secret), Admitted)
    status, challenge = await server.refusal("kmg_" + "x" * 43)
    assert status == 401 and METADATA in challenge and issuer.asked("metadata") == 0


async def test_who_sends_nothing_is_told_where_to_begin(server: Served) -> None:
    await server.grant("ops")
    scope = {"type": "http", "method": "POST", "path": "/mcp", "raw_path": b"/mcp", "query_string": b"", "headers": []}
    found = await Authenticator(server.grants, server.oauth).authenticate(scope)
    assert isinstance(found, Refused) and found.problem.status == 401
    assert found.problem.headers == ((b"www-authenticate", f'Bearer scope="ops", {METADATA}'.encode()),)
