"""Owns an OAuth issuer for the tests: a process with metadata, keys that can be rotated, and tokens signed as one asks.

Run as `python oauth_issuer.py`; it prints its port. What a real issuer decides (who gets which token) its caller decides here.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

MAKERS: dict[str, Any] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "weak": lambda: rsa.generate_private_key(65537, 1024),
}


class Issuer:
    """The keys, and what was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.generation = 0
        self.keys: dict[str, tuple[str, Any]] = {}
        self.mode = "well"
        self.asked: dict[str, int] = {}
        for name in MAKERS:
            self.add(name)

    def add(self, name: str) -> str:
        kid = f"{name}-{self.generation}"
        self.keys[kid] = ("RS256" if name == "weak" else name, MAKERS[name]())
        return kid

    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**_public(*self.keys[kid]), "kid": kid, "use": "sig"} for kid in self.keys]}

    async def serve_keys(self, _: Request) -> Response:
        self.asked["keys"] = self.asked.get("keys", 0) + 1
        if self.mode == "down":
            return Response(status_code=503)
        if self.mode == "redirect":
            return RedirectResponse("/elsewhere")
        if self.mode == "huge":
            return JSONResponse(self.jwks() | {"padding": "x" * 400_000})
        if self.mode in ("words", "bottomless"):
            return Response("no json" if self.mode == "words" else "[" * 100_000)
        return JSONResponse({"keys": []} if self.mode == "empty" else self.jwks())

    async def serve_metadata(self, request: Request) -> Response:
        self.asked["metadata"] = self.asked.get("metadata", 0) + 1
        issuer = "https://evil.example" if self.mode == "liar" else f"{self.url}{request.path_params.get('path', '')}"
        keys = "http://keys.example/jwks" if self.mode == "plain" else f"{self.url}/keys"
        return JSONResponse({"issuer": issuer, "jwks_uri": keys})

    async def serve_token(self, request: Request) -> Response:
        """A token as the body asks: claims over the usual ones, algorithm, header, and which key signs."""
        asked = await request.json()
        now = int(time.time())
        claims = {"iss": self.url, "sub": "user-1", "iat": now, "exp": now + 300, **asked.get("claims", {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        claims |= {name: now + seconds for name, seconds in asked.get("from_now", {}).items()}
        name = asked.get("key", "RS256")
        kid = f"{name}-{asked.get('generation', self.generation)}"
        header = {"kid": kid, "typ": "at+jwt", **asked.get("header", {})}
        algorithm, key = self.keys[kid]
        token = jwt.encode(claims, key, algorithm=algorithm, headers={k: v for k, v in header.items() if v is not None})
        return JSONResponse({"access_token": token})

    async def serve_rotation(self, request: Request) -> Response:
        """New keys; the old ones stay published where the body says so."""
        keep = (await request.json())["keep"]
        self.generation += 1
        if not keep:
            self.keys.clear()
        for name in MAKERS:
            self.add(name)
        return JSONResponse({})

    async def serve_mode(self, request: Request) -> Response:
        self.mode = (await request.json())["mode"]
        self.asked.clear()
        return JSONResponse({})

    async def serve_asked(self, _: Request) -> Response:
        return JSONResponse(self.asked)


def _public(algorithm: str, key: Any) -> dict[str, Any]:
    text = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())  # type: ignore[attr-defined]
    found: dict[str, Any] = json.loads(text)
    return {name: value for name, value in found.items() if name in ("kty", "crv", "x", "y", "n", "e")}


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        issuer = Issuer(url)
        routes = [
            Route("/.well-known/oauth-authorization-server", issuer.serve_metadata),
            Route("/tenants/a/.well-known/openid-configuration", _at(issuer, "/tenants/a")),
            Route("/keys", issuer.serve_keys),
            Route("/elsewhere", lambda _: JSONResponse(issuer.jwks())),
            Route("/token", issuer.serve_token, methods=["POST"]),
            Route("/rotate", issuer.serve_rotation, methods=["POST"]),
            Route("/mode", issuer.serve_mode, methods=["POST"]),
            Route("/asked", issuer.serve_asked),
        ]
        print(url, flush=True)
        uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error")).run(sockets=[listener])


def _at(issuer: Issuer, path: str) -> Any:
    async def serve(request: Request) -> Response:
        request.path_params["path"] = path
        return await issuer.serve_metadata(request)

    return serve


if __name__ == "__main__":
    main()
