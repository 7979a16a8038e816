"""A real OpenID provider on a port of its own: it signs in whoever it is told, and its tokens with its own key."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

from running.embedded.processes import free_port

CLIENT, SECRET = "the-pages", "of the provider and the pages"


@dataclass
class Provider:
    """The provider, as a test sees it.

    Arguments:
        issuer: what it calls itself; its address.
        claims: of whoever signs in next, in place of or beside the ordinary ones; None takes one out.
        told: claims that it tells only at its address for them.
        about: what it says of itself, in place of or beside the ordinary.
        forges: signs with another key than the one it shows.
        plain: does not sign at all.
        asked: what it was asked, in order.
    """

    issuer: str
    claims: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    forges: bool = False
    plain: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = RSAKey.generate_key(2048, parameters={"kid": "1", "alg": "RS256", "use": "sig"})
        self._other_key = RSAKey.generate_key(2048, parameters={"kid": "1", "alg": "RS256", "use": "sig"})
        self._codes: dict[str, dict[str, str]] = {}

    def signs_in(self, subject: str, email: str, **claims: Any) -> None:
        """Who is there when somebody is sent here next."""
        self.claims = {"sub": subject, "email": email, "email_verified": True, **claims}

    def app(self) -> FastAPI:
        """What it serves."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        @app.get("/.well-known/openid-configuration")
        async def configuration() -> Response:
            self.asked.append("configuration")
            return JSONResponse(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "userinfo_endpoint": f"{self.issuer}/userinfo",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    **self.about,
                }
            )

        @app.get("/keys")
        async def keys() -> Response:
            return JSONResponse({"keys": [self._key.as_dict(private=False)]})

        @app.get("/authorize")
        async def authorize(request: Request) -> Response:
            asked = dict(request.query_params)
            assert asked["client_id"] == CLIENT and asked["response_type"] == "code", asked
            assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split(), asked
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

        @app.post("/token")
        async def token(request: Request) -> Response:
            return self._token(request, (await request.body()).decode())

        @app.get("/userinfo")
        async def userinfo(request: Request) -> Response:
            assert request.headers["authorization"] == "Bearer of-the-provider"
            return JSONResponse({"sub": self.claims["sub"], **self.told})

        return app

    def _token(self, request: Request, body: str) -> Response:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        basic = base64.b64encode(f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()).decode()
        shown = request.headers.get("authorization") == f"Basic {basic}"
        if self.about.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            shown = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if not shown:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked["code_challenge"] != challenge.rstrip(b"=").decode()
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse(
            {
                "access_token": "of-the-provider",
                "token_type": "Bearer",
                "expires_in": 300,
                "id_token": self._signed(claims),
            }
        )

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.plain:
            head, body = (_segment(part) for part in ({"alg": "none"}, claims))
            return f"{head}.{body}."
        key = self._other_key if self.forges else self._key
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)


def _segment(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class _Server(uvicorn.Server):
    """Leaves the process's signals to the tests."""

    def install_signal_handlers(self) -> None:
        """None."""


@asynccontextmanager
async def openid_provider() -> AsyncIterator[Provider]:
    """A provider while the block runs."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(
        provider.app(), host="127.0.0.1", port=port, log_level="critical", ws="none", lifespan="off"
    )
    server = _Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        await serving
