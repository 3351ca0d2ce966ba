"""Owns reading access tokens (RFC 7519, RFC 9068): which are refused, and what the rest prove. It fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from jwt import PyJWK
from jwt.exceptions import ExpiredSignatureError, InvalidAudienceError, InvalidIssuerError, PyJWTError

from .model import ALGORITHMS, LEEWAY_SECONDS, Identity, OAuthSettings, TokenRefused

_LONGEST = 16_384
_SMALLEST_RSA = 2048
_KEY_TYPES = {"RS256": ("RSA", ""), "PS256": ("RSA", ""), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
# RFC 9068, 2.1, and what issuers write that do not follow it.
_TYPES = ("", "jwt", "at+jwt", "application/at+jwt")
_EXPLICIT = ("at+jwt", "application/at+jwt")
# What ID tokens hold (OpenID Connect Core, 2 and 3.1.3.6) and access tokens do not.
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash")
# Keycloak's own claim `typ`.
_OTHER_KINDS = ("id", "refresh", "logout", "offline")


def header_of(token: str) -> tuple[str, str]:
    """The algorithm and the key id that a token names; neither is believed before its signature.

    Raises:
        TokenRefused: It is no JWT, or of a kind that is not accepted.
    """
    if len(token) > _LONGEST:
        raise TokenRefused("the access token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError):
        raise TokenRefused("the access token is no JWT") from None
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "")
    if algorithm not in ALGORITHMS:
        raise TokenRefused(f"the access token must be signed with one of {', '.join(ALGORITHMS)}")
    if not isinstance(kid, str) or not isinstance(kind, str) or kind.lower() not in _TYPES or "crit" in header:
        raise TokenRefused("the JWT is no access token")
    return algorithm, kid


def usable_keys(keys: Sequence[Any], algorithm: str, kid: str) -> list[PyJWK]:
    """The keys of a set that may have signed a token; one without `kid` must leave a single key."""
    found = [key for key in keys if isinstance(key, dict) and _fits(key, algorithm, kid)]
    if not kid and len(found) > 1:
        return []
    ready: list[PyJWK] = []
    for key in found:
        try:
            made = PyJWK(key, algorithm)
        except (PyJWTError, ValueError):
            continue
        if getattr(made.key, "key_size", _SMALLEST_RSA) >= _SMALLEST_RSA or algorithm[:2] not in ("RS", "PS"):
            ready.append(made)
    return ready


def identity_of(token: str, keys: Sequence[PyJWK], settings: OAuthSettings) -> Identity:
    """What a token proves. Raises TokenRefused."""
    problem = "no key of the issuer has signed the access token"
    for key in keys:
        try:
            whole = jwt.decode_complete(
                token,
                key,
                algorithms=[str(key.algorithm_name)],
                issuer=settings.issuer,
                audience=settings.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
            return _identity(whole["header"], whole["payload"])
        except ExpiredSignatureError:
            problem = "the access token has expired"
        except InvalidAudienceError:
            problem = "the access token is meant for another audience"
        except InvalidIssuerError:
            problem = "the access token is another issuer's"
        except (PyJWTError, ValueError, OverflowError):
            problem = "the access token is not valid"
    raise TokenRefused(problem)


def _fits(key: Mapping[str, Any], algorithm: str, kid: str) -> bool:
    kind, curve = _KEY_TYPES[algorithm]
    signs = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    return signs and key.get("kty") == kind and (not curve or key.get("crv") == curve) and kid in ("", key.get("kid"))


def _identity(header: Mapping[str, Any], claims: Mapping[str, Any]) -> Identity:
    explicit = str(header.get("typ", "")).lower() in _EXPLICIT
    if not explicit and (any(name in claims for name in _OF_ID_TOKENS)):
        raise TokenRefused("that is an ID token: send the access token")
    if str(claims.get("typ", "")).lower() in _OTHER_KINDS:
        raise TokenRefused("the JWT is no access token")
    who = str(claims.get("sub") or claims.get("client_id") or "")
    return Identity(_scopes(claims), float(claims["exp"]) + LEEWAY_SECONDS, who)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """`scope` (RFC 8693, 4.2) or `scp`: words with blanks between, or a list of them."""
    said = claims.get("scope", claims.get("scp", ""))
    words = said.split(" ") if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(word for word in words if isinstance(word, str) and word)
